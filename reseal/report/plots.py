"""The door to what draws: points in plain lists go in, a picture in SVG comes out.

Altair spells a picture and vl-convert draws it in this process; neither fetches anything.
"""

from typing import Any

import altair as alt
import vl_convert

from reseal.report.series import Point, Progress

WIDTH = 860
# Axes are as wide in every plot, so that plots stand exactly below one another.
_AXIS = 64

# A tick of its own for each label: `0`, `500k`, `1M`, and `0.02`.
_SHORT = (
    "datum.value && abs(datum.value) < 1 ? format(datum.value, '~g') : format(datum.value, '~s')"
)

_INK, _FAINT, _LINE = "#334155", "#64748b", "#e2e8f0"
_BLUE, _AMBER, _RED = "#1d5fa8", "#d97706", "#b42318"
_FIELDS = ("#1d5fa8", "#0f766e", "#9a3d9a", "#a16207", "#475569", "#be185d")
_SEALED = ("#1d5fa8", "#5b93cf", "#0f766e", "#7c6bb8", "#94b8dd", "#475569")
_SHAPES = {
    "empty": "#cbd5e1",
    "plain": _AMBER,
    "foreign": "#7c3aed",
    "unrecognised": _RED,
}
_PARTS = {"heap": "#1d5fa8", "indexes": "#7fb2e5", "TOAST": "#0f766e"}
# A mark by itself says nothing to a reader, hence no aria: the page has the whole in words.
_LOOK = {
    "font": "sans-serif",
    "background": "white",
    "padding": 2,
    "aria": False,
    "view": {"stroke": None},
    "title": {"color": _INK},
    "header": {"labelColor": _INK, "labelFontSize": 12},
    "legend": {"labelColor": _INK, "labelFontSize": 11, "symbolType": "square"},
    "axis": {
        "labelColor": _FAINT,
        "titleColor": _FAINT,
        "labelFontSize": 11,
        "titleFontSize": 11,
        "titleFontWeight": "normal",
        "gridColor": _LINE,
        "domainColor": "#94a3b8",
        "tickColor": "#94a3b8",
    },
    "axisY": {"minExtent": _AXIS, "maxExtent": _AXIS, "domain": False, "ticks": False},
}


def progress(points: Progress) -> str:
    """Draw rows written over time, rows a second, and rows a batch."""
    fields = list(dict.fromkeys(point["field"] for point in points.total))
    stamps = [point["at"] for point in points.total]
    at, colour = _time(min(stamps), max(stamps)), _of_field(fields)
    total = _chart("total").mark_line(interpolate="step-after", strokeWidth=2)
    rate = _chart("rate").mark_bar(opacity=0.75)
    size = _chart("size").mark_circle(size=16, opacity=0.8)
    bars = rate.encode(at, _y("rate:Q"), colour, x2="end:Q", y2="none:Q")
    panels = (
        _panel(total.encode(at, _y("rows:Q"), colour), "Rows written", 150),
        _panel(bars, "Rows a second", 90),
        _panel(size.encode(at, _y("rows:Q"), colour), "Rows a batch", 90),
    )
    rates = [{**bar, "none": 0} for bar in points.rate]
    return _drawn(
        alt.vconcat(*panels, spacing=14), total=points.total, rate=rates, size=points.size
    )


def census(points: list[Point]) -> str:
    """Draw what the rows of each field held before and after."""
    shapes = [*_SHAPES, *sorted({one["shape"] for one in points} - set(_SHAPES), key=_version)]
    colours = [*_SHAPES.values(), *(_SEALED * len(shapes))]
    shown = [shape for shape in shapes if any(point["shape"] == shape for point in points)]
    pairs = dict(zip(shapes, colours, strict=False))
    return _stacked(points, "rows", {shape: pairs[shape] for shape in shown})


def storage(points: list[Point]) -> str:
    """Draw how many bytes a row takes in the heap, in indexes and in TOAST."""
    return _stacked(points, "bytes a row", _PARTS)


def plans(points: list[Point]) -> str:
    """Draw how long the login query took before and after."""
    most = max(point["value"] for point in points)
    x = alt.X(
        "value:Q", title="milliseconds", scale=alt.Scale(domain=[0, most * 1.2 or 1]),
        axis=alt.Axis(tickCount=6, labelExpr=_SHORT),
    )  # fmt: skip
    base = alt.Chart().encode(x, _when())
    bars = base.mark_bar(color=_BLUE, height=16)
    text = base.mark_text(align="left", dx=5, color=_INK, fontSize=11).encode(text="text:N")
    layered = alt.layer(bars, text).properties(width=WIDTH, height=alt.Step(24))
    return _drawn(_by_field(layered, points), points=points)


def latency(times: list[Point], lags: list[Point], decisions: list[Point]) -> str:
    """Draw what a login took, and how far a standby was behind, with the decisions marked."""
    stamps = [point["at"] for point in (*times, *lags)]
    first, last = min(stamps), max(stamps)
    marks = [point for point in decisions if first <= point["at"] <= last]
    at, panels = _time(first, last), []
    lines = _marks(at) if marks else []
    if times:
        usual = _chart("times").mark_line(color=_BLUE, strokeWidth=1.5).encode(at, _y("usual:Q"))
        # Where each point is one login, the highest is the usual one.
        high = _chart("times").transform_filter("datum.highest > datum.usual")
        dots = high.mark_circle(color=_RED, size=16, opacity=0.6).encode(at, _y("highest:Q"))
        shown = alt.layer(*lines, usual, dots)
        panels.append(_panel(shown, "Login query, milliseconds", 150))
    if lags:
        area = _chart("lags").mark_area(color=_BLUE, opacity=0.35, line={"color": _BLUE})
        shown = alt.layer(*lines, area.encode(at, _y("lag:Q")))
        panels.append(_panel(shown, "Replication lag, bytes", 90))
    return _drawn(alt.vconcat(*panels, spacing=14), times=times, lags=lags, marks=marks)


def trends(score: list[Point], login: list[Point], pool: list[Point]) -> str:
    """Draw the health of the last day: the score, what a login took, how full pools were."""
    stamps = [point["at"] for point in (*score, *login, *pool)]
    at, panels = _time(min(stamps), max(stamps)), []
    shown = (
        ("score", score, "Health score", 110),
        ("login", login, "Login query, milliseconds", 110),
        ("pool", pool, "Fullest pool, share in use", 70),
    )
    for name, points, title, height in shown:
        if points:
            fields = list(dict.fromkeys(point["field"] for point in points))
            line = _chart(name).mark_line(interpolate="step-after", strokeWidth=1.5)
            panels.append(_panel(line.encode(at, _y("value:Q"), _of_field(fields)), title, height))
    chart = alt.vconcat(*panels, spacing=14).resolve_scale(color="independent")
    return _drawn(chart, score=score, login=login, pool=pool)


def _marks(at: alt.X) -> list[alt.Chart]:
    base = _chart("marks").encode(at)
    rule = base.mark_rule(strokeDash=[4, 3], color=_FAINT)
    number = base.mark_text(baseline="bottom", dy=-2, color=_FAINT, fontSize=10)
    return [rule, number.encode(y=alt.value(0), text="number:N")]


def _stacked(points: list[Point], title: str, colours: dict[str, str]) -> str:
    shade = alt.Color(
        "shape:N", title=None, sort=list(colours),
        scale=alt.Scale(domain=list(colours), range=list(colours.values())),
        legend=alt.Legend(orient="top", direction="horizontal", columns=6),
    )  # fmt: skip
    x = alt.X("value:Q", title=title, axis=alt.Axis(labelExpr=_SHORT, tickCount=8, tickMinStep=1))
    bars = alt.Chart().mark_bar(height=18).encode(x, _when(), shade, order="rank:Q")
    bars = bars.properties(width=WIDTH, height=alt.Step(26))
    return _drawn(_by_field(bars, points), points=points)


def _by_field(chart: Any, points: list[Point]) -> Any:
    """Draw a chart for each field, one below the other, each under its name."""
    header = alt.Header(
        title=None, labelOrient="top", labelAnchor="start", labelFontWeight="bold",
        labelLimit=WIDTH, labelPadding=4,
    )  # fmt: skip
    fields = list(dict.fromkeys(point["field"] for point in points))
    facet = alt.Facet("field:N", sort=fields, header=header)
    faceted = chart.facet(facet, columns=1, data=alt.NamedData("points")).properties(spacing=12)
    # A field of a hundred rows is to be seen beside one of a million.
    return faceted.resolve_scale(x="independent")


def _of_field(fields: list[str]) -> alt.Color:
    # A legend of one says nothing.
    legend = alt.Legend(orient="top", labelLimit=WIDTH, columns=2) if len(fields) > 1 else None
    palette = [_FIELDS[number % len(_FIELDS)] for number in range(len(fields))]
    scale = alt.Scale(domain=fields, range=palette)
    return alt.Color("field:N", title=None, scale=scale, legend=legend)


def _chart(points: str) -> alt.Chart:
    return alt.Chart(alt.NamedData(points))


def _panel(chart: Any, title: str, height: int) -> Any:
    above = alt.TitleParams(title, anchor="start", fontSize=12, fontWeight="bold", offset=8)
    return chart.properties(width=WIDTH, height=height, title=above)


def _time(first: int, last: int) -> alt.X:
    within_a_day = last - first < 24 * 3600 * 1000
    axis = alt.Axis(
        format="%H:%M:%S" if within_a_day else "%d %b %H:%M",
        tickCount=6,
        grid=False,
        title=None,
        labelOverlap=True,
        labelFlush=True,
    )
    scale = alt.Scale(type="utc", domain=[first, last], nice=False)
    return alt.X("at:T", axis=axis, scale=scale)


def _y(shorthand: str) -> alt.Y:
    axis = alt.Axis(labelExpr=_SHORT, tickCount=4, title=None)
    return alt.Y(shorthand, stack=None, axis=axis, scale=alt.Scale(zero=True))


def _when() -> alt.Y:
    axis = alt.Axis(title=None, ticks=False, domain=False, grid=False)
    return alt.Y("when:N", sort=["before", "after"], axis=axis)


def _version(shape: str) -> tuple[int, str]:
    digits = "".join(filter(str.isdigit, shape))
    return (int(digits or 0), shape)


def _drawn(chart: Any, **points: list[Point]) -> str:
    # Put in at last: Altair copies all that it was given at every step.
    spelled = {**chart.to_dict(validate=False), "config": _LOOK, "datasets": points}
    svg = str(vl_convert.vegalite_to_svg(spelled, allowed_base_urls=[]))
    return svg.replace("<svg ", '<svg aria-hidden="true" ', 1)
