"""Checks of what a field's rows hold, by the census."""

from reseal.errors import StoreError, Transient
from reseal.keyring import LOADED
from reseal.preflight.ambiguity import AMBIGUITY
from reseal.preflight.foreign import foreign
from reseal.preflight.leaves import documents_without_leaf
from reseal.preflight.question import Finding, Question, ok, refuse, unknown, warn
from reseal.preflight.subject import FieldSubject
from reseal.quarantine.breaker import WORD, Breaker
from reseal.store import data_key, quarantine, schema

MOST_UNRECOGNISED_SHARE = 0.5
# Statistics are an estimate, of a small table a poor one.
ENOUGH_EXPECTED = 1000
LEAST_SHARE = 0.5


def counted(subject: FieldSubject) -> Finding:
    """Look whether the rows can be counted; what cannot be counted cannot be swept."""
    if isinstance(subject.counted, Transient):
        return unknown(str(subject.counted), "check again when the server is less busy")
    if isinstance(subject.counted, StoreError):
        return refuse(str(subject.counted), "mend the rights, or `where` in reseal.toml")
    return ok(f"{subject.census.rows} rows")


def rows(subject: FieldSubject) -> Finding:
    """Look whether rows are there, and as many as the server's statistics expect."""
    found, expected = subject.census.rows, subject.target.rows
    is_whole = subject.target.field.where is None
    value = f"{found or 'none'}, by the statistics {expected}"
    if is_whole and expected and (not found or _is_too_few(found, expected)):
        remedy = "find out what hides the rows, or ANALYZE the table if rows were deleted"
        return refuse(value, remedy)
    if found:
        return ok(value)
    if not is_whole:
        return warn("none", "compare `where` in reseal.toml with the table: no row matches it")
    return warn("none", "know that the table is empty: nothing will be proven on it")


def _is_too_few(found: int, expected: int) -> bool:
    return expected >= ENOUGH_EXPECTED and found < expected * LEAST_SHARE


def work(subject: FieldSubject) -> Finding:
    """Look whether there is anything to seal, or sealed already."""
    census = subject.census
    value = f"{census.plain} plain, {census.all_sealed} sealed, {census.empty} empty"
    if not census.plain and not census.all_sealed:
        unmet = documents_without_leaf(subject)
        if unmet:
            remedy = "correct `path` in reseal.toml: it leads to nothing in any of them"
            return refuse(f"{value}; {unmet} documents without the leaf", remedy)
        return warn(value, "compare table, column and format in reseal.toml: no secret was found")
    return ok(value)


def recognised(subject: FieldSubject) -> Finding:
    """Look for values that are neither secret nor envelope."""
    count = subject.census.unrecognised
    if count:
        return warn(f"{count} rows", "look at these rows: they will be quarantined as they are")
    return ok("0 rows")


def share(subject: FieldSubject) -> Finding:
    """Look whether the configured format fits most of what stands in the column."""
    census = subject.census
    part = census.unrecognised / max(census.rows - census.empty, 1)
    if part > MOST_UNRECOGNISED_SHARE:
        remedy = f"the format in reseal.toml is probably wrong; it says {_format(subject)}"
        return refuse(f"{part:.0%} unrecognised", remedy)
    return ok(f"{part:.0%} unrecognised, format {_format(subject)}")


def set_aside(subject: FieldSubject) -> Finding:
    """Look whether so many values cannot be sealed that a run would stop on the way."""
    store, census = subject.store, subject.census
    has_schema = schema.exists(store)
    accepted = quarantine.counted(store, subject.name).accepted if has_schema else 0
    breaker = Breaker(subject.access.config.most_quarantined_percent, accepted)
    aside, values = census.foreign + census.unrecognised, census.rows - census.empty
    if breaker.foresees(census):
        remedy = f"mend or accept these rows or raise {WORD}: a run would stop on the way"
        return warn(breaker.sentence(aside, values, subject.name), remedy)
    return ok(f"{aside} of {values} values, {accepted} rows accepted as they are")


def key_versions(subject: FieldSubject) -> Finding:
    """Look for envelopes whose key is not in this database."""
    found = set(subject.census.sealed)
    missing = sorted(found - _loaded(subject))
    if missing:
        value = f"sealed under unknown key versions {', '.join(map(str, missing))}"
        return refuse(
            value,
            "restore these data keys from the backup of their database: "
            'docs/runbook.md, "A key that is lost"',
        )
    return ok(", ".join(map(str, sorted(found))) or "none sealed")


def _loaded(subject: FieldSubject) -> set[int]:
    if not schema.exists(subject.store):
        return set()
    return {v for v, state in data_key.states(subject.store).items() if state in LOADED}


def _format(subject: FieldSubject) -> str:
    return subject.target.field.format


CONTENT_CHECKS = (
    Question("content: count", "countable", counted),
    Question("content: rows", "some, as the statistics say", rows),
    Question("content: work", "a secret or an envelope", work),
    Question("content: unrecognised", "0 rows", recognised),
    Question("content: format", f"{MOST_UNRECOGNISED_SHARE:.0%} unrecognised", share),
    Question("content: foreign", "0 rows", foreign),
    Question("content: set aside", f"at most {WORD}", set_aside),
    AMBIGUITY,
    Question("content: key versions", "all in the keyring", key_versions),
)
