"""The plot: what a login takes by the share of logins, without a run and beside one."""

from pathlib import Path
from typing import Any

import altair as alt

_TICKS = [x * 10**n for n in (-1, 0, 1, 2, 3) for x in (1, 2, 5)]
_COLOURS = {"no run": "#b9c4cf", "beside a run": "#1f5f99"}


def draw(logins: dict[str, Any], to: Path) -> None:
    """Draw a panel for each mode, in milliseconds by powers of ten."""
    shares = [f"p{share}" for share in next(iter(logins.values()))["idle"]["by_share"]]
    chart = alt.hconcat(*(_panel(mode, one, shares) for mode, one in logins.items()), spacing=14)
    chart = chart.resolve_scale(y="shared").configure(font="sans-serif", background="white")
    chart = chart.configure_legend(orient="bottom", labelFontSize=11)
    chart.configure_axis(labelFontSize=11, titleFontSize=11, titleFontWeight="normal").save(to)


def _panel(mode: str, one: dict[str, Any], shares: list[str]) -> Any:
    points = [
        {"share": f"p{share}", "milliseconds": value, "when": when}
        for when, key in zip(_COLOURS, ("idle", "beside"), strict=True)
        for share, value in one[key]["by_share"].items()
    ]
    scale = alt.Scale(domain=list(_COLOURS), range=list(_COLOURS.values()))
    y = alt.Y(
        "milliseconds:Q", title="a login, ms", scale=alt.Scale(type="log"),
        axis=alt.Axis(values=_TICKS, format="~g"),
    )  # fmt: skip
    chart = alt.Chart(alt.Data(values=points), title=mode).mark_line(point=True)
    return chart.encode(
        x=alt.X("share:N", sort=shares, title=None),
        y=y,
        color=alt.Color("when:N", title=None, sort=list(_COLOURS), scale=scale),
    ).properties(width=190, height=200)
