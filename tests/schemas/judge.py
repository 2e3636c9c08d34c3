"""What must be true of each table after each command."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.schemas.journey import Journey
from tests.schemas.schema import ENVELOPE, MARK_AND_PADDING, Cell, Kept, Kind, Schema
from tests.schemas.snapshot import Key

Judgement = Callable[[Journey, Schema], None]


def counted(journey: Journey, schema: Schema) -> None:
    """`check` counts the rows as they are."""
    for one in schema.fields:
        assert journey.said["check"][schema.named(one)] == census(schema, one)


def told(journey: Journey, schema: Schema) -> None:
    """`check` warns of what the table of docs/schemas.md says it tells."""
    if not journey.warned:
        # The command line asks the same questions.
        return
    name = schema.named(schema.fields[0])
    assert {(name, check) for check in schema.told} <= journey.warned


def nothing_changed(journey: Journey, schema: Schema) -> None:
    """`check` writes nothing."""
    assert journey.looks["check"][schema.name] == journey.looks["before"][schema.name]


def counted_after(step: str, version: int) -> Judgement:
    """After a command all secrets are under this key version, or all are plaintext again."""

    def all_sealed(journey: Journey, schema: Schema) -> None:
        for one in schema.fields:
            part = journey.said[step][schema.named(one)]
            assert part["after"] == census(schema, one, version)

    return all_sealed


def sealed(step: str) -> Judgement:
    """Where a secret stood an envelope or a mark stands, and what is no secret has not moved."""

    def only_envelopes(journey: Journey, schema: Schema) -> None:
        for one in schema.fields:
            before = journey.looks["before"][schema.name].column(one.column)
            after = journey.looks[step][schema.name].column(one.column)
            # Another field of the same column changes other rows.
            assert schema.cells(one).keys() <= after.keys() == before.keys()
            for key, cell in schema.cells(one).items():
                assert masked(one, after[key]) == expected(one, cell, before[key]), key
            leaked = [
                key
                for key, text in after.items()
                for spelled in spellings(schema, one)
                if spelled in (text or "")
            ]
            assert not leaked

    return only_envelopes


def opens(step: str) -> Judgement:
    """Every envelope opens, at its place, to just what stood there before."""

    def opens_to_the_plaintext(journey: Journey, schema: Schema) -> None:
        for one in schema.fields:
            opened = journey.opened[step][schema.named(one)]
            for key, cell in schema.cells(one).items():
                wanted = list(cell.secrets) if isinstance(cell, Cell) else []
                assert opened[key] == wanted, key

    return opens_to_the_plaintext


def opens_nowhere_else(journey: Journey, schema: Schema) -> None:
    """No envelope opens at another row's place."""
    for one in schema.fields:
        assert journey.astray.get(schema.named(one), []) == []


def others_unchanged(step: str) -> Judgement:
    """Every other column, every other row and every file is as before."""

    def others_are_as_before(journey: Journey, schema: Schema) -> None:
        before = journey.looks["before"][schema.name]
        after = journey.looks[step][schema.name]
        assert after.others(schema) == before.others(schema)
        assert after.files == before.files
        for column in {one.column for one in schema.fields}:
            mine = [one for one in schema.fields if one.column == column]
            foreign = before.rows.keys() - set().union(*(schema.cells(one).keys() for one in mine))
            was, now = before.column(column), after.column(column)
            assert {key: now[key] for key in foreign} == {key: was[key] for key in foreign}
        assert journey.untrue[step][schema.name] == []

    return others_are_as_before


def set_aside(step: str) -> Judgement:
    """The rows that could not be sealed are named by key, and no other."""

    def strangers_are_named(journey: Journey, schema: Schema) -> None:
        for one in schema.fields:
            part = journey.said[step][schema.named(one)]
            named = {tuple(row["key"]) for row in part["rows_set_aside"]}
            aside = {
                key_of(schema, one, row)
                for row in schema.records()
                if isinstance(row[one.column], Cell) and row[one.column].is_set_aside
            }
            assert named == aside
            assert part["quarantined"] == len(aside)

    return strangers_are_named


def restored(journey: Journey, schema: Schema) -> None:
    """After the rollback every byte is as it was, the secrets too."""
    before, after = journey.looks["before"][schema.name], journey.looks["rollback"][schema.name]
    for key, row in before.rows.items():
        kept = {name: text for name, text in row.items() if name not in schema.changes}
        now = {name: text for name, text in after.rows[key].items() if name not in schema.changes}
        assert now == kept, key
    assert after.rows.keys() == before.rows.keys()
    for one in schema.fields:
        part = journey.said["rollback"][schema.named(one)]
        assert part["restored"] == census(schema, one)["plain"]
        assert part["rows_set_aside"] == []


def census(schema: Schema, one: Kept, version: int | None = None) -> dict[str, Any]:
    """How many rows of a field hold what, before a run or under a key version."""
    counts: Counter[str] = Counter()
    for cell in schema.cells(one).values():
        kind = cell.kind if isinstance(cell, Cell) else Kind.EMPTY
        if version and kind is Kind.PLAIN and isinstance(cell, Cell):
            kind = cell.left or kind
        counts[kind] += 1
    rows = {kind.value: counts[kind] for kind in Kind}
    sealed = {}
    if version:
        sealed = {str(version): rows["plain"]} if rows["plain"] else {}
        rows["plain"] = 0
    return {"rows": counts.total(), **rows, "sealed": sealed}


def key_of(schema: Schema, one: Kept, row: dict[str, Any]) -> Key:
    """The key of a row as the field is bound to it."""
    return tuple(
        str(schema.key[name](str(row[name]))) for name in one.words.get("key", list(schema.key))
    )


def spellings(schema: Schema, one: Kept) -> set[str]:
    """Every secret of a field as its column spells it."""
    found = (cell for cell in schema.cells(one).values() if isinstance(cell, Cell))
    return {text for cell in found for text in cell.spelled}


def expected(one: Kept, cell: Any, before: str | None) -> str | None:
    """The value before, with a mask in place of each secret."""
    if not isinstance(cell, Cell) or before is None:
        return before
    for spelled in cell.spelled:
        before = before.replace(spelled, "@@", 1)
    return before


def masked(one: Kept, after: str | None) -> str | None:
    """The value afterwards, with a mask in place of each envelope."""
    if after is None:
        return None
    # A mark in a char(n) may be padded.
    return MARK_AND_PADDING.sub("@@", after) if one.is_aside else ENVELOPE.sub("@@", after)


def _after(step: str, version: int) -> list[Judgement]:
    return [counted_after(step, version), sealed(step), others_unchanged(step)]


JUDGEMENTS: dict[str, list[Judgement]] = {
    "check": [counted, told, nothing_changed],
    "encrypt": [*_after("encrypt", 1), opens("encrypt"), opens_nowhere_else, set_aside("encrypt")],
    "rotate": [*_after("rotate", 2), opens("rotate")],
    "verify": _after("verify", 2),
    "rollback": [others_unchanged("rollback"), restored],
}
