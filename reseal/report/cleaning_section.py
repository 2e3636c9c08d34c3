"""What was found beside the rows before and after each step, and what others keep."""

from typing import Any

from reseal.report.facts import Facts
from reseal.report.table import Cell, Section, Table, Tone, number, text


def about_cleaning(facts: Facts) -> Section | None:
    """Tell what was cleaned, what is left, and what nobody looked at."""
    cleaned = [
        (", ".join(names), done)
        for done, names in _together(facts.part("clean"))
        if done.get("steps")
    ]
    tables = tuple(
        table
        for names, done in cleaned
        for table in (_steps(names, done), _unseen(names, done), _elsewhere(names, done))
        if table.rows
    )
    return Section("cleaning", "Cleaning", tables, _said(cleaned)) if tables else None


def _together(parts: dict[str, dict[str, Any]]) -> list[tuple[dict[str, Any], list[str]]]:
    """Return each cleaning with the fields that it was of: those of a run are cleaned at once."""
    found: list[tuple[dict[str, Any], list[str]]] = []
    for name, done in parts.items():
        same = next((names for other, names in found if other == done), None)
        if same is None:
            found.append((done, [name]))
        else:
            same.append(name)
    return found


def _said(cleaned: list[tuple[str, dict[str, Any]]]) -> str:
    if all(done.get("clean") for _, done in cleaned):
        return "No old secret is left in tables, indexes, statistics and remembered statements."
    return ""


def _steps(names: str, done: dict[str, Any]) -> Table:
    kinds = list(dict.fromkeys(kind for step in done["steps"] for kind in step["found"]))
    rows = tuple(
        (
            Cell(str(step["step"])),
            *(_count(step["found"], kind) for kind in kinds),
            number(step["seconds"], f"{step['seconds']:,.1f} s"),
            text(step.get("note")),
        )
        for step in done["steps"]
    )
    heading = ("After", *(kind.capitalize() for kind in kinds), "Took", "Done")
    return Table(f"Old secrets of {names} found on disk", heading, rows)


def _count(found: dict[str, int | None], kind: str) -> Cell:
    if kind not in found:
        # Nothing was looked at after the step.
        return Cell("")
    count = found[kind]
    return Cell("not verified", Tone.WARN, is_number=True) if count is None else number(count)


def _unseen(names: str, done: dict[str, Any]) -> Table:
    rows = tuple((Cell(str(why)),) for why in done.get("not_verified") or [])
    return Table(f"Not verified of {names}", ("What, and why",), rows)


def _elsewhere(names: str, done: dict[str, Any]) -> Table:
    rows = tuple(
        (Cell(one["what"]), Cell(one["until"] or "not known"), Cell(one["remedy"]))
        for one in done.get("elsewhere") or []
    )
    heading = ("What can hold old plaintext", "Until", "What to do")
    return Table(f"Kept by others, of {names}", heading, rows)
