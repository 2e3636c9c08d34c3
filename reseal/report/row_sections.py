"""Tables about the rows: what they held, what became of them, and what was shown of them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from reseal.report import words
from reseal.report.facts import Facts, Part, sealed
from reseal.report.figures import a_row
from reseal.report.table import Cell, Section, Table, Tone, code, listing, number, text, verdict

_SHAPES = ("rows", "empty", "plain", "foreign", "unrecognised")
_COUNTS = (
    "changed", "restored", "moved", "locked", "quarantined", "accepted", "left_alone",
)  # fmt: skip


def about_rows(facts: Facts) -> Section | None:
    """Tell what the rows held before and after, and what became of them."""
    if not facts.fields:
        return None
    tables = [_censuses(facts), _outcomes(facts), *_aside(facts), *_failed(facts)]
    said = (
        "Changed rows are counted over all passes; moved and locked ones are those that the last "
        "pass met in other hands. A row that is set aside stands in quarantine as it was."
    )
    return Section("rows", "Rows", tuple(table for table in tables if table.rows), said)


def about_backup(facts: Facts) -> Section | None:
    """Tell what was backed up, and that it was restored and compared."""
    rows = tuple(
        (
            Cell(name),
            number(done.get("rows")),
            number(done.get("compared")),
            text((done.get("copy") or {}).get("where")),
            number(
                size := (done.get("copy") or {}).get("size"), words.size(size) if size else None
            ),
            code((done.get("copy") or {}).get("sha256")),
        )
        for name, done in facts.part("backup").items()
    )
    if not rows:
        return None
    heading = ("Field", "Originals", "Restored and compared", "Copy", "Size", "SHA-256 of the copy")
    said = "Every original is sealed under a backup key, and was restored and compared first."
    return Section("backup", "Backup", (Table("The backup and its proof", heading, rows),), said)


def about_validation(facts: Facts) -> Section | None:
    """Tell what must be true and whether it is, and what tampering came to."""
    looked = facts.part("validation")
    made = [
        *_stated_first(facts),
        *(
            table
            for name, one in looked.items()
            for table in (
                _claims(name, one), _probes(name, one), _opened(name, one.get("facts") or []),
            )
        ),
        _claims("the retiring keys", facts.part("before_retirement")),
    ]  # fmt: skip
    tables = [table for table in made if table.rows]
    if not tables:
        return None
    said = (
        "Claims are checked on counts only, with no secret and no ciphertext among them. A probe "
        "tampers with an envelope in memory, which must be noticed, or compares codes."
    )
    return Section("validation", "Validation", tuple(tables), said)


def about_guard(facts: Facts) -> Section | None:
    """Tell what was changed on the tables, and whether they refuse plaintext from now on."""
    parts = (("Before the first row", "prepare"), ("The guard", "guard"))
    tables = [_by_field(caption, facts.part(name)) for caption, name in parts]
    found = tuple(table for table in tables if table.rows)
    return Section("guard", "Guard", found) if found else None


def about_plans(facts: Facts) -> Section | None:
    """Tell how the server answers the login queries, before and after."""
    trials = [(name, one) for name, done in facts.part("optimise").items() for one in _trials(done)]
    rows = tuple(row for name, one in trials for row in _plans(name, one))
    if not rows:
        return None
    heading = ("Field", "Query", "When", "Node", "Index", "Cost", "Pages", "Median time")
    reasons = [(str(one.get("query") or name), text(_fate(one))) for name, one in trials]
    tables = (Table("Plans of the login query", heading, rows), listing("The index", reasons))
    return Section("plans", "Login query", tables)


def about_storage(facts: Facts) -> Section | None:
    """Tell what a row takes on disk, before and after."""
    rows = tuple(
        _stored(name, when, parts[when])
        for name, parts in facts.part("storage").items()
        for when in ("before", "after")
        if parts.get(when)
    )
    if not rows:
        return None
    heading = ("Field", "When", "Rows", "Heap", "Indexes", "TOAST", "A row")
    return Section("storage", "Storage", (Table("Storage of the tables", heading, rows),))


def _censuses(facts: Facts) -> Table:
    counted = [
        (name, when, census)
        for name in facts.fields
        for when in ("before", "after")
        if (census := facts.fields[name].get(when))
    ]
    versions = sorted({int(version) for *_, census in counted for version in census["sealed"]})
    rows = tuple(
        (
            Cell(name),
            Cell(when),
            *(number(int(census.get(shape) or 0)) for shape in _SHAPES),
            number(sealed(census)),
            *(number(int(census["sealed"].get(str(version), 0))) for version in versions),
        )
        for name, when, census in counted
    )
    keys = (f"Under key {version}" for version in versions)
    heading = ("Field", "When", *map(words.label, _SHAPES), "Sealed", *keys)
    return Table("What the rows hold", heading, rows)


def _outcomes(facts: Facts) -> Table:
    rows = tuple(
        (
            Cell(name),
            *(number(int(part.get(count) or 0)) for count in _COUNTS),
            number(part.get("seconds") or 0, words.duration(part.get("seconds") or 0)),
        )
        for name, part in facts.fields.items()
    )
    return Table("What became of them", ("Field", *map(words.label, _COUNTS), "Took"), rows)


def _aside(facts: Facts) -> Iterable[Table]:
    """Count the rows in quarantine by their reasons; which rows those are, the files say."""
    rows = []
    for name, part in facts.fields.items():
        aside = part.get("rows_set_aside") or []
        kinds = Counter((str(row.get("reason")), bool(row.get("accepted"))) for row in aside)
        rows += [
            (Cell(name), Cell(why), text(accepted), number(many))
            for (why, accepted), many in kinds.most_common()
        ]
    yield Table("Quarantine, by reason", ("Field", "Why", "Accepted", "Rows"), tuple(rows))


def _failed(facts: Facts) -> Iterable[Table]:
    rows = tuple(
        (Cell(name), Cell(claim, Tone.BAD))
        for name, part in facts.fields.items()
        for claim in part.get("failed_claims") or []
    )
    yield Table("Not true at the end", ("Field", "Claim"), rows)


def claims_of(facts: Facts) -> tuple[Table, ...]:
    """Return what must be true and whether it is, a table for each field that was validated."""
    looked = facts.part("validation").items()
    return tuple(table for name, one in looked if (table := _claims(name, one)).rows)


def _stated_first(facts: Facts) -> Iterable[Table]:
    """Tell what had to be true before the first row of a field was sealed, or resealed."""
    for part, turn in (("before_seal", "sealed"), ("before_reseal", "resealed")):
        for name, one in facts.part(part).items():
            yield _claims(f"{name} before a row is {turn}", one)


def _claims(name: str, one: Part) -> Table:
    rows = tuple(
        (Cell(claim["sentence"]), verdict(bool(claim["success"]), "holds", "does not hold"))
        for claim in one.get("claims") or []
    )
    return Table(f"Claims about {name}", ("What must be true", "It"), rows)


def _probes(name: str, one: Part) -> Table:
    rows = tuple(
        (Cell(words.label(probed)), verdict(bool(right), "as it must", "not as it must"))
        for probed, right in (one.get("probes") or {}).items()
    )
    return Table(f"Probes of {name}", ("What was tried", "It came out"), rows)


def _opened(name: str, facts: list[dict[str, Any]]) -> Table:
    rows = tuple(
        (
            Cell(str(fact["shape"])),
            Cell(str(fact["verdict"])),
            number(fact.get("key_version") or None),
            number(fact.get("iv_bytes") or None),
            number(fact.get("tag_bytes") or None),
            text(bool(fact.get("accepted"))),
            number(int(fact["rows"])),
        )
        for fact in facts
    )
    heading = ("Holds", "Opening it showed", "Key", "IV bytes", "Tag bytes", "Accepted", "Rows")
    return Table(f"What opening every value of {name} showed", heading, rows)


def _by_field(caption: str, stages: dict[str, Any]) -> Table:
    """Make a table of whatever a stage wrote about each field."""
    rows = tuple(
        (Cell(name), Cell(words.label(what)), text(value))
        for name, done in stages.items()
        for what, value in done.items()
        if value is not None
    )
    return Table(caption, ("Field", "What", "It is"), rows)


def _trials(done: Part) -> list[Part]:
    """Return what became of each query; older records have one, which they do not spell."""
    return done.get("trials") or [done]


def _fate(one: Part) -> str:
    kept = "kept" if one.get("kept") else "not kept"
    return f"{kept}: {words.told(one.get('why') or one.get('reason'))}"


def _plans(name: str, done: Part) -> Iterable[tuple[Cell, ...]]:
    for when in ("before", "after"):
        if plan := done.get(when):
            milliseconds, pages = float(plan["milliseconds"]), plan.get("pages")
            yield (
                Cell(name),
                text(done.get("query")),
                Cell(when),
                Cell(str(plan["node"])),
                text(plan.get("index")),
                number(plan["cost"], f"{plan['cost']:,.2f}"),
                number(pages, None if pages is None else f"{pages:,.0f}"),
                number(milliseconds, words.milliseconds(milliseconds)),
            )


def _stored(name: str, when: str, measured: Part) -> tuple[Cell, ...]:
    parts = ("heap_bytes", "index_bytes", "toast_bytes")
    sizes = [int(measured.get(part) or 0) for part in parts]
    a_rows = a_row(measured, *parts)
    return (
        Cell(name),
        Cell(when),
        number(int(measured.get("rows") or 0)),
        *(number(each, words.size(each)) for each in sizes),
        number(a_rows, f"{a_rows:,.0f} B"),
    )
