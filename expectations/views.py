"""How Data Docs are drawn: with Great Expectations' own templates, compiled once a process."""

from typing import Any

from great_expectations.render.view.view import DefaultJinjaIndexPageView, DefaultJinjaPageView
from jinja2 import Environment


def _compiled(view: Any) -> Environment:
    environment: Environment = view.env
    for name in environment.list_templates(extensions=["j2"]):
        environment.get_template(name)
    return environment


# Each view would make one anew, and half of a check be spent in compiling. It is done here, as
# this is imported while there is other work to wait for.
_ENVIRONMENT = _compiled(DefaultJinjaPageView())


class PageView(DefaultJinjaPageView):
    """A page of a suite or of a result."""

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self.env = _ENVIRONMENT


class IndexView(DefaultJinjaIndexPageView):
    """The page that leads to the others."""

    def __init__(self, **words: Any) -> None:
        super().__init__(**words)
        self.env = _ENVIRONMENT


def _drawn_by(view: type) -> dict[str, Any]:
    return {"view": {"module_name": __name__, "class_name": view.__name__}}


# Of a site builder's configuration. Nothing is profiled.
SECTIONS: dict[str, Any] = {
    "site_section_builders": {
        "expectations": _drawn_by(PageView),
        "validations": _drawn_by(PageView),
        "profiling": "none",
    },
    "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", **_drawn_by(IndexView)},
}
