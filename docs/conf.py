"""The site that `make docs` builds of these pages; nothing on it is loaded from elsewhere."""

import tomllib
from pathlib import Path

_package = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]

project = "Reseal"
author = "The authors of Reseal"
release = version = _package["version"]
copyright = author

extensions = ["myst_parser"]
# As GitHub makes them, so that a link leads to the same heading in both.
myst_heading_anchors = 4
# What is indented is text; it is in no language.
highlight_language = "text"

html_theme = "furo"
html_title = "Reseal"
html_copy_source = False
html_show_sphinx = False
