"""Tables about the keys: what each was before, what it is now, and whether older ones may go."""

from typing import Any

from reseal.report import words
from reseal.report.facts import Facts, Part
from reseal.report.table import Cell, Section, Table, Tone, code, listing, number, text, verdict

_STATES = {"active": Tone.GOOD, "destroyed": Tone.QUIET}


def about_keys(facts: Facts) -> Section | None:
    """Tell of every key version what it was before the run and is after it."""
    before = {key["version"]: key for key in facts.previous_keys}
    rows = tuple(_key(key, before.get(key["version"])) for key in facts.keys)
    if not rows:
        return None
    heading = (
        "Data key", "Before", "After", "Algorithm", "Wrapped by", "Owner", "Active since",
        "Expires", "Seals", "Seals by this run",
    )  # fmt: skip
    said = "Only the active key seals. A data key stands in the database wrapped, and never here."
    tables = (Table("The data keys", heading, rows), *_troubles(facts.keys), *_gates(facts))
    return Section("keys", "Keys", tables, said)


def _key(key: Part, before: Part | None) -> tuple[Cell, ...]:
    seals, state = int(key.get("seals") or 0), str(key["state"])
    strength = f", {key['strength']} bits" if key.get("strength") else ""
    return (
        Cell(f"Key {key['version']}"),
        Cell(str(before["state"]) if before else "not there"),
        Cell(state, _STATES.get(state)),
        Cell(f"{key['algorithm']}{strength}"),
        code(key.get("kek")),
        text(key.get("owner")),
        Cell(words.date(key.get("activated"))),
        Cell(words.date(key.get("expires")), Tone.BAD if key.get("expired") else None),
        number(seals),
        number(seals - int(before.get("seals") or 0) if before else seals),
    )


def _troubles(keys: list[Part]) -> list[Table]:
    said = [
        (f"Key {key['version']}", Cell("known to others since " + words.time(since), Tone.BAD))
        for key in keys
        if (since := key.get("compromised"))
    ]
    return [listing("Compromised", said)] if said else []


def _gates(facts: Facts) -> list[Table]:
    versions: dict[str, Any] = facts.part("retirement")
    rows = tuple(
        (
            Cell(f"Key {version}"),
            Cell(words.label(gate["name"])),
            verdict(gate["verdict"] == "pass", "open", "closed"),
            text(gate.get("evidence")),
        )
        for version, gates in versions.items()
        for gate in gates
    )
    heading = ("Key", "Gate", "It is", "What shows that")
    return [Table("Gates before an older key may go", heading, rows)] if rows else []
