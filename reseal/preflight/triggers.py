"""The check of the application's triggers: which a sweep sets off, and what each of them does."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from reseal.preflight.check import Verdict
from reseal.preflight.question import Finding, Question, ok
from reseal.preflight.subject import FieldSubject
from reseal.preflight.trigger_source import Deeds, deeds

# Those that fire when a sweep writes the column of a heap: a trigger that a partitioned table has
# for each row stands on its partitions too, and one for each statement does not fire. Reseal's
# own are named after it.
TRIGGERS = """
SELECT t.tgname::text, t.tgenabled::text, CASE l.lanname WHEN 'plpgsql' THEN p.prosrc END,
       t.tgtype & 1 <> 0, t.tgtype & 2 <> 0, t.tgoldtable IS NOT NULL,
       substring(min(pg_get_triggerdef(t.oid)) FROM ' WHEN \\((.*)\\) EXECUTE '),
       array_agg(t.tgrelid::regclass::text ORDER BY t.tgrelid::regclass::text)
FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_language l ON l.oid = p.prolang
JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attname = %(column)s
WHERE t.tgrelid = ANY (%(heaps)s::oid[]) AND t.tgtype & 16 <> 0
  AND (NOT t.tgisinternal OR t.tgparentid <> 0 AND t.tgconstraint = 0)
  AND (coalesce(array_length(t.tgattr, 1), 0) = 0 OR a.attnum = ANY (t.tgattr))
  AND NOT starts_with(t.tgname::text, 'reseal')
GROUP BY t.tgname, t.tgenabled, t.tgtype, t.tgoldtable IS NOT NULL, p.oid, l.lanname
ORDER BY t.tgname
"""

SKIP = 'triggers = "skip" in reseal.toml'

WRITES = (
    "stop the trigger from writing the column, or drop it: it overrules what is sealed; "
    f"{SKIP} keeps it out of the run, but not out of what the application writes"
)
COPIES = (
    f"set {SKIP}, or disable the trigger for the run, and clean what it copied before; "
    'triggers = "fire" lets it copy'
)
COPIES_ANYWAY = "clean what these copied: before the run, and once more after it"
SETS = f"know that the columns which these set change in every row that is sealed; or set {SKIP}"
FIRES = f"know that these fire on every row that is sealed; or set {SKIP}"
STILL_FIRES = (
    'ALTER TABLE ... ENABLE TRIGGER lets triggers = "skip" reach a trigger that is ENABLE ALWAYS '
    "or REPLICA"
)

# A comparison that a change of the secret alone leaves as it was.
_UNMOVED = re.compile(r'old\.("[^"]+"|\w+) IS DISTINCT FROM new\.\1', re.IGNORECASE)
_DECORATION = re.compile(r"[()]|::[\w ]+?(?= IS| OR|\)|$)")


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger and the heaps that it is on; `source` is None where it cannot be read."""

    name: str
    enabled: str
    source: str | None
    is_for_each_row: bool
    is_before: bool
    has_old_table: bool
    when: str | None
    heaps: list[str]

    def fires(self, *, is_replica: bool) -> bool:
        """Say whether it fires in a sweep's session."""
        return self.enabled in ("A", "R" if is_replica else "O")

    def deeds(self, subject: FieldSubject) -> Deeds | None:
        """Return what it does, None where its source cannot be read."""
        if self.source is None:
            return None
        target = subject.target
        tables = (target.field.table, *(heap.table for heap in target.heaps))
        return deeds(self.source, target.field.column, tables)


class Judgement(NamedTuple):
    """What is said of one trigger."""

    words: str
    verdict: Verdict
    remedy: str


def triggers(subject: FieldSubject) -> Finding:
    """Look for the application's triggers that a sweep sets off, and judge what each does."""
    is_replica = subject.target.field.skips_triggers
    found = [Trigger(*row) for row in subject.store.execute(TRIGGERS, subject.at)]
    firing = _set_off(subject, [one for one in found if one.fires(is_replica=is_replica)])
    judged = [(_label(subject, trigger), _judged(subject, trigger)) for trigger in firing]
    said = [f"{label}: {judgement.words}" for label, judgement in judged]
    if is_replica and (skipped := [_label(subject, one) for one in found if one.enabled == "O"]):
        said.append(f"skipped: {', '.join(skipped)}")
    value = "; ".join(said) or "none"
    if not judged:
        return ok(value)
    refuses = any(one.verdict is Verdict.REFUSE for _, one in judged)
    worst = Verdict.REFUSE if refuses else Verdict.WARN
    remedies = [one.remedy for _, one in judged if one.verdict is worst]
    if is_replica:
        remedies.append(STILL_FIRES)
    return Finding(value, worst, "; ".join(dict.fromkeys(remedies)))


def _judged(subject: FieldSubject, trigger: Trigger) -> Judgement:
    done = trigger.deeds(subject)
    if done and done.writes:
        return Judgement("writes the column itself", Verdict.REFUSE, WRITES)
    if trigger.has_old_table or (done and done.copies_old and trigger.is_for_each_row):
        is_meant = subject.target.field.fires_triggers
        verdict, remedy = (Verdict.WARN, COPIES_ANYWAY) if is_meant else (Verdict.REFUSE, COPIES)
        return Judgement("copies the old value elsewhere", verdict, remedy)
    if done is None:
        return Judgement("source not readable", Verdict.WARN, f"see what it does; {FIRES}")
    return _harmless(trigger, done)


def _harmless(trigger: Trigger, done: Deeds) -> Judgement:
    words = [f"sets {', '.join(done.sets)}"] if done.sets and trigger.is_before else []
    if done.copies_new:
        words.append("copies what is written, and so has copies of the plaintext")
    if done.suppresses and trigger.is_before and trigger.is_for_each_row:
        words.append("can keep a row from being written")
    remedy = SETS if done.sets else COPIES_ANYWAY if done.copies_new else FIRES
    return Judgement(", ".join(words) or "fires", Verdict.WARN, remedy)


def _set_off(subject: FieldSubject, firing: list[Trigger]) -> list[Trigger]:
    """Leave out those whose WHEN compares only columns that neither we nor a trigger move."""
    moved = {subject.target.field.column}
    for trigger in firing:
        done = trigger.deeds(subject)
        if trigger.is_before and (done is None or done.writes):
            return firing
        moved |= set(done.sets) if done else set()
    folded = {name.lower() for name in moved}
    return [one for one in firing if not _is_unmoved(one.when, folded)]


def _is_unmoved(when: str | None, moved: set[str]) -> bool:
    if not when:
        return False
    alternatives = _DECORATION.sub("", when).split(" OR ")
    compared = [_UNMOVED.fullmatch(alternative.strip()) for alternative in alternatives]
    return all(one and one[1].strip('"').lower() not in moved for one in compared)


def _label(subject: FieldSubject, trigger: Trigger) -> str:
    if len(trigger.heaps) == len(subject.target.heaps):
        return trigger.name
    return f"{trigger.name} on {', '.join(trigger.heaps)}"


TRIGGER_CHECKS = (Question("table: triggers", "none that fire on the column", triggers),)
