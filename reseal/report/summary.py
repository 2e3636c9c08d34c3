"""Five lines that a manager can read: what, how many, what is left, who, and how to check."""

from typing import NamedTuple

from reseal.report import words
from reseal.report.facts import Facts, Part, moment, sealed, unsettled
from reseal.report.table import Tone


class Line(NamedTuple):
    """A line of the summary: the question and its answer."""

    asked: str
    said: str


# What a flow does, once it has done it and as long as it has not.
_DEEDS = {
    "encrypt_secrets": ("encrypted the MFA secrets in", "was to encrypt the MFA secrets in"),
    "rotate_keys": (
        "put the MFA secrets under a new key in", "was to put the MFA secrets under a new key in",
    ),
    "verify_secrets": (
        "opened and checked every MFA secret in", "was to open and check every MFA secret in",
    ),
    "optimise_schema": (
        "measured the login queries of", "was to measure the login queries of",
    ),
    "rollback_run": ("undid an earlier run in", "was to undo an earlier run in"),
}  # fmt: skip
_OTHER = ("worked on", "was to work on")
_LOOKED = ("checked, without writing,", "was to check, without writing,")
_ENDS = {
    "done": ("Done", Tone.GOOD, ""),
    "partial": ("Partly done", Tone.WARN, ", but for what is told below"),
    "refused": ("Refused", Tone.WARN, ", and was refused"),
    "stopped": ("Stopped", Tone.WARN, ", and was stopped by a person"),
    "failed": ("Failed", Tone.BAD, ", and failed"),
    "rolled_back": ("Rolled back", Tone.BAD, ", but found its own work broken and put all back"),
    "interrupted": ("Interrupted", Tone.BAD, ", and was cut off; a later start closed this record"),
}
_DID = frozenset({"done", "partial"})


def outcome(facts: Facts) -> tuple[str, Tone]:
    """Return the outcome as a title says it, and how that is meant."""
    word = str(facts.run.get("outcome") or "unknown")
    title, tone, _ = _ENDS.get(word, (words.label(word), Tone.BAD, ""))
    return title, tone


def title(facts: Facts) -> str:
    """Return what the run was for, as a heading."""
    flow = str(facts.run.get("flow") or "run")
    return words.label(flow)


def five_lines(facts: Facts) -> tuple[Line, ...]:
    """Return the summary: five questions and a sentence or two for each."""
    return (
        Line("What was done", _what(facts)),
        Line("How many", _how_many(facts)),
        Line("Is plaintext left?", _left(facts)),
        Line("Who", _who(facts)),
        Line("Was this record edited?", _check()),
    )


def _what(facts: Facts) -> str:
    run, word = facts.run, str(facts.run.get("outcome"))
    did, plan = _DEEDS.get(str(run.get("flow")), _OTHER)
    if run.get("mode") == "validate-only" and run.get("flow") != "verify_secrets":
        did, plan = _LOOKED
    database = facts.part("server").get("database")
    named = f"the database {database}" if database else "the database"
    fields = words.listed(sorted(facts.fields))
    where = f"{fields} of {named}" if fields else named
    _, _, end = _ENDS.get(word, ("", "", f", and ended as {word}"))
    on = f"On {words.day(moment(run['started']))} a" if run.get("started") else "A"
    return f"{on} run {did if word in _DID else plan} {where}{end}."


def _how_many(facts: Facts) -> str:
    if facts.run.get("flow") == "optimise_schema":
        return _measured(facts)
    after = facts.census("after")
    if not after:
        before = facts.census("before")
        if not before:
            return f"The rows were not counted.{_by_ledger(facts)}"
        found = _secrets(before, "when it began")
        return f"{found}; they were not counted after that. {_written(facts)}."
    if facts.run.get("flow") == "rollback_run":
        return (
            f"{words.counted(facts.total('restored'), 'original was', 'originals were')} put back, "
            f"{words.counted(facts.total('left_alone'), 'row was', 'rows were')} left as they "
            f"are. {_secrets(after)}."
        )
    return f"{_secrets(after)}{_under(facts, after)}. {_written(facts)}."


def _measured(facts: Facts) -> str:
    """Say what was measured by a run that touches no row, and so counts none."""
    trials = [trial for one in facts.part("optimise").values() for trial in one.get("trials") or ()]
    kept = {trial["index"] for trial in trials if trial["kept"]}
    queries = words.counted(len(trials), "login query was", "login queries were")
    indexes = words.counted(len(kept), "index was", "indexes were")
    return f"{queries} measured, {indexes} kept; no row was touched."


def _by_ledger(facts: Facts) -> str:
    rows = sum(batch.changed for batch in facts.batches)
    if not rows:
        return ""
    batches = words.counted(len(facts.batches), "batch", "batches")
    return f" By the ledger the run wrote {words.counted(rows, 'row')} in {batches}."


def _secrets(censuses: dict[str, Part], when: str = "at the end") -> str:
    all_sealed = sum(map(sealed, censuses.values()))
    return (
        f"{words.count(all_sealed)} of "
        f"{words.counted(all_sealed + sum(map(unsettled, censuses.values())), 'secret')} "
        f"{'was' if all_sealed == 1 else 'were'} encrypted {when}"
    )


def _under(facts: Facts, after: dict[str, Part]) -> str:
    """Say how many are under the key that seals, where that is the question."""
    active = facts.active_key
    if active is None or facts.run.get("flow") != "rotate_keys":
        return ""
    rows = sum(int(one["sealed"].get(str(active), 0)) for one in after.values())
    return f", {words.count(rows)} of them under the new key {active}"


def _written(facts: Facts) -> str:
    if facts.run.get("flow") == "verify_secrets":
        return "This run wrote nothing"
    aside, accepted = facts.total("quarantined"), facts.total("accepted")
    said = [f"wrote {words.counted(facts.total('changed'), 'row')}"]
    said += [f"set {words.count(aside)} aside as it could not seal them"] if aside else []
    said += [f"left {words.count(accepted)} that were accepted as they are"] if accepted else []
    return f"This run {words.listed(said)}"


def _left(facts: Facts) -> str:
    after, before = facts.census("after"), facts.census("before")
    if not after:
        plain = sum(int(one["plain"]) for one in before.values())
        found = f": {words.counted(plain, 'value')} stood in plaintext when it began"
        return f"This run does not say, as it did not count at its end{found if before else ''}."
    plain = sum(int(one["plain"]) for one in after.values())
    other = sum(map(unsettled, after.values())) - plain
    where = words.listed(sorted(after))
    unknown = f", and {words.counted(other, 'value')} that cannot be told" if other else ""
    if plain:
        return f"Yes: {words.counted(plain, 'value')} in plaintext in {where}{unknown}."
    return f"None in {where}{unknown}.{_unverified(facts)}"


def _unverified(facts: Facts) -> str:
    cleaned = facts.part("clean").values()
    if not cleaned:
        return " This run did not look for copies elsewhere."
    # Why is in the section about it.
    places = {
        str(said).partition(": ")[0] for one in cleaned for said in one.get("not_verified") or []
    }
    on_disk = " None was found on disk either." if all(one.get("clean") for one in cleaned) else ""
    return f"{on_disk} Not verified: {words.listed(sorted(places))}." if places else on_disk


def _who(facts: Facts) -> str:
    operator = facts.document.get("operator") or "someone unknown"
    approval = facts.part("approval")
    if not approval:
        return f"Operated by {operator}; nobody was asked to approve it."
    said = (
        f"Operated by {operator}; {approval.get('decision')} by {words.told(approval.get('name'))}"
    )
    reason = f", who gave as reason: {approval['reason']}" if approval.get("reason") else ""
    at = f" on {words.time(approval['at'])}" if approval.get("at") else ""
    return f"{said}{at}{reason}."


def _check() -> str:
    return (
        "“reseal evidence verify DIRECTORY --key KEY” tells, and names what was changed. It needs "
        "the directory that holds this run's, and the public key, which you should have from "
        "elsewhere; it asks neither the database nor us."
    )
