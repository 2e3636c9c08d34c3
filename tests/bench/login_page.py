"""docs/optimise.md and its plot, made from the figures of one run."""

from pathlib import Path
from string import Template
from typing import Any

import altair as alt

from tests.bench.page import machine_of

Document = dict[str, Any]
TEMPLATE = Path(__file__).with_name("optimise.md")
_BLUE, _GREY = "#1f5f99", "#b9c4cf"
_DECADES = [10.0**n for n in range(-3, 6)]


def said(document: Document) -> str:
    """Return what the figures come to, in a sentence."""
    helped, other = document["trials"]
    before, after = helped["before"], helped["after"]
    return (
        f"On {document['rows']:,} users the login query took {before['milliseconds']:.1f} ms and "
        f"{before['pages']:,.0f} pages before, {after['milliseconds']:.3f} ms and "
        f"{after['pages']:,.0f} pages after: {_times(before, after, 'milliseconds')} times as "
        f"fast, with {_times(before, after, 'pages')} times fewer pages. The index that does not "
        f"help was {'kept' if other['kept'] else 'dropped again'}."
    )


def made_of(document: Document) -> str:
    """Return the page."""
    return Template(TEMPLATE.read_text()).substitute(
        said=said(document),
        measured=_table(document),
        machine=machine_of(document),
        seconds=f"{document['seconds']:.1f}",
        date=document["date"],
        index=_index(document),
    )


def draw(document: Document, to: Path) -> None:
    """Draw time and pages of the login query before and after, both in powers of ten."""
    helped = document["trials"][0]
    panels = [
        _panel(helped, "milliseconds", "milliseconds", ",.3~f"),
        _panel(helped, "pages", "pages of table and indexes", ",.0f"),
    ]
    chart = alt.vconcat(*panels, spacing=18)
    chart = chart.configure(font="sans-serif", background="white").configure_view(stroke=None)
    chart.configure_axis(labelFontSize=11, titleFontSize=11, titleFontWeight="normal").save(to)


def _panel(helped: Document, what: str, title: str, format_: str) -> Any:
    points = [{"when": when, "value": helped[when][what]} for when in ("before", "after")]
    least = min(_DECADES, key=lambda decade: (decade > points[1]["value"], -decade))
    x = alt.X(
        "value:Q", title=title, axis=alt.Axis(values=_DECADES, format="~g"),
        scale=alt.Scale(type="log", domain=[least / 2, points[0]["value"] * 8]),
    )  # fmt: skip
    base = alt.Chart(alt.Data(values=points)).encode(
        y=alt.Y("when:N", title=None, sort=["before", "after"])
    )
    colour = alt.condition("datum.when == 'after'", alt.value(_BLUE), alt.value(_GREY))
    bars = base.mark_bar(height=18).encode(x=x, x2=alt.datum(least / 2), color=colour)
    text = base.mark_text(align="left", dx=5, fontSize=11).encode(
        x=x, text=alt.Text("value:Q", format=format_)
    )
    return alt.layer(bars, text).properties(width=520, height=alt.Step(26))


def _table(document: Document) -> str:
    heading = ["query", "", "plan", "time, ms", "pages", "cost"]
    lines = [heading, ["---", "---", "---", "---:", "---:", "---:"]]
    for trial in document["trials"]:
        for when in ("before", "after"):
            plan = trial[when]
            lines.append(
                [
                    f"`{trial['query']}`" if when == "before" else _fate(trial),
                    when,
                    plan["node"],
                    f"{plan['milliseconds']:,.3f}",
                    f"{plan['pages']:,.0f}",
                    f"{plan['cost']:,.2f}",
                ]
            )
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _fate(trial: Document) -> str:
    return f"`{trial['definition']}` {'kept' if trial['kept'] else 'not kept: ' + trial['why']}"


def _index(document: Document) -> str:
    size = document["indexes"][document["trials"][0]["index"]]
    return f"{size / 2**20:.0f} MiB"


def _times(before: Document, after: Document, what: str) -> str:
    return f"{before[what] / after[what]:,.0f}"
