"""Worlds and steps that come to the same, so that one of each is enough.

Rows are alike, and so are names of secrets: that always holds. What else is said here holds because
of the fence, for a protocol that has it, and `make model` tries whether it does: it takes all.
"""

from collections.abc import Iterable, Iterator
from functools import cache

from tests.model.acts import Act, Step
from tests.model.protocol import Protocol
from tests.model.runner import runner
from tests.model.transaction import transaction
from tests.model.world import NO_SECRET, Mark, Phase, Row, Value, World


def canonical(world: World) -> World:
    """Return the one world that stands for all that differ by order and names."""
    return World(tuple(sorted(map(_renamed, world.rows))), *world[1:])


@cache
def _renamed(row: Row) -> Row:
    """Number a row's secrets in the order in which they appear; only which are the same matters."""
    names = {NO_SECRET: NO_SECRET}

    def name(secret: int) -> int:
        return names.setdefault(secret, len(names))

    def named(value: Value) -> Value:
        return value._replace(secret=name(value.secret))

    def marked(mark: Mark) -> Mark:
        return mark._replace(kept=name(mark.kept), turned=named(mark.turned))

    value, latest = named(row.value), name(row.latest)
    marks = tuple(map(marked, row.marks))
    return Row(value, latest, marks, tuple(sorted(map(named, row.saves))), *row[4:])


def needed(steps: Iterable[Step], protocol: Protocol) -> Iterator[Step]:
    """Yield those of a world's steps that lead to worlds which others do not lead to.

    A transaction keeps others from taking over, so that whatever anyone does meanwhile, the death
    of its run included, might as well come before its fence or after its end: it is taken to its
    end at once. Where it fails, all is as if the batch had not been read. Who is killed before a
    batch is read leaves what he leaves who is killed after it. Who is superseded is refused
    whatever he has in memory, and might as well be dead when another takes over. What is done to a
    row between the reading of its original and the backup might as well be done after both: the
    row is plaintext then, or an application has sealed it and it is marked, and of neither does
    the shield ask the backup.
    """
    for step in steps:
        if step.act is Act.READ_ORIGINALS:
            for end in runner(step.after, protocol, step.run):
                yield end._replace(before=step.before)
        elif step.act is Act.FENCE:
            for end in transaction(step.after, protocol, step.run):
                if end.act is Act.COMMIT:
                    yield end._replace(before=step.before)
        elif not _comes_to_the_same(step):
            yield step


def _comes_to_the_same(step: Step) -> bool:
    if step.act is Act.KILL:
        return step.before.runs[step.run].phase is Phase.READING
    if step.act in (Act.TAKE_OVER, Act.TAKE_OVER_TO_UNDO):
        return any(run.phase in (Phase.READING, Phase.TURNED) for run in step.before.runs)
    return False
