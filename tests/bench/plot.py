"""The plot: every line of every run by its ratio to the bare UPDATE."""

from pathlib import Path
from typing import Any

import altair as alt

_TICKS = [x * 10**n for n in (-4, -3, -2, -1, 0) for x in (1, 2, 5)]


def draw(documents: dict[str, dict[str, Any]], to: Path) -> None:
    """Draw the medians of the runs, by their titles, and from the lowest to the highest round."""
    points = [point for title in documents for point in _points(title, documents[title])]
    place = _places(list(documents), points)
    ratio = alt.X(
        "ratio:Q",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(values=_TICKS, format="~g"),
        title="rows a second, where the bare UPDATE of the same round does 1",
    )
    base = alt.Chart(alt.Data(values=points))
    spans = base.mark_rule(strokeWidth=2).encode(x=alt.X("least:Q"), x2="most:Q", **place)
    medians = base.mark_point(filled=True, size=45, opacity=1).encode(x=ratio, **place)
    one = alt.Chart(alt.Data(values=[{"ratio": 1}])).mark_rule(strokeDash=[4, 3]).encode(x=ratio)
    chart = alt.layer(one, spans, medians).properties(width=520, height=alt.Step(11))
    chart = chart.configure(font="sans-serif", background="white").configure_legend(
        orient="bottom", columns=2, labelLimit=400, labelFontSize=11
    )
    chart.configure_axis(labelFontSize=11, titleFontSize=11, titleFontWeight="normal").save(to)


def _places(titles: list[str], points: list[dict[str, Any]]) -> dict[str, Any]:
    lines = list(dict.fromkeys(point["line"] for point in points))
    # A legend of one says nothing; its title is that of its table.
    legend = alt.Legend() if len(titles) > 1 else None
    return {
        "y": alt.Y("line:N", sort=lines, title=None, axis=alt.Axis(labelLimit=300)),
        "yOffset": alt.YOffset("run:N", sort=titles),
        "color": alt.Color(
            "run:N", sort=titles, title=None, scale=alt.Scale(scheme="dark2"), legend=legend
        ),
    }


def _points(title: str, document: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "run": title,
            "line": document["lines"][name]["title"],
            "ratio": figures["ratio"],
            "least": figures["ratio_least"],
            "most": figures["ratio_most"],
        }
        for name, figures in document["median"].items()
    ]
