"""Tables about both scores, with every term, and the advice that nobody has followed yet."""

from typing import Any

from reseal.report import words
from reseal.report.facts import Facts, Part
from reseal.report.table import Cell, Section, Table, Tone, code, number, text

_SCORES = ("security", "storage")


def about_scores(facts: Facts) -> Section | None:
    """Tell both scores term by term, and what would spare space or writes."""
    scores = facts.part("scores")
    if not scores:
        return None
    if why := scores.get("missing"):
        return Section("scores", "Scores", (), f"The scores could not be computed: {why}.")
    found = [part for name in _SCORES if (part := scores.get(name))]
    tables = [*map(_terms, found), *_advice(scores.get("advice") or []), *_no_advice(scores)]
    said = " ".join(map(_said, found))
    more = "A term that could not be measured scores nothing, and says why."
    return Section("scores", "Scores", tuple(tables), f"{said} {more}")


def _said(part: Part) -> str:
    name, out_of = words.label(part["name"]), part["out_of"]
    return f"{name}: {part['value']} of {out_of}, {part['measured']:g} of which could be measured."


def _terms(part: Part) -> Table:
    rows = tuple(
        (
            Cell(words.label(term["name"])),
            Cell(str(term["value"]), _tone(term)),
            number(term["points"], f"{term['points']:g}"),
            number(term["most"]),
            Cell(str(term["sentence"])),
        )
        for term in part["terms"]
    )
    heading = ("Term", "Found", "Points", "Most", "What that is")
    return Table(f"Terms of the {part['name']}", heading, rows)


def _tone(term: Part) -> Tone:
    if not term["measured"]:
        return Tone.QUIET
    if term["points"] >= term["most"]:
        return Tone.GOOD
    return Tone.WARN if term["points"] else Tone.BAD


def _advice(advice: list[dict[str, Any]]) -> list[Table]:
    rows = tuple(
        (text(one["table"]), Cell(one["what"]), Cell(one["why"]), code(one["statement"]))
        for one in advice
    )
    heading = ("Table", "What to do", "Why", "Statement, which nobody has run")
    return [Table("Advice", heading, rows)] if rows else []


def _no_advice(scores: Part) -> list[Table]:
    rows = tuple((Cell(table), Cell(why)) for table, why in scores.get("no_advice", {}).items())
    return [Table("Tables without advice", ("Table", "Why"), rows)] if rows else []
