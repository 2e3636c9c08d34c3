"""How much memory the processes of a client hold: the most, and as it goes on."""

from dataclasses import dataclass

from tests.bench.looks import Look


@dataclass(frozen=True)
class Memory:
    """The most MiB at any moment.

    `together` adds up what each process has resident, so that what they share is counted in each;
    `shared_once` counts it once. `course` has `together` by the share of the time that was over.
    """

    main: float
    worker: float
    together: float
    shared_once: float
    course: dict[str, float]


def most(looks: list[Look]) -> Memory | None:
    """Sum up what was seen, if anything was."""
    if not looks:
        return None
    return Memory(
        main=max(look.main for look in looks),
        worker=max(max(look.others, default=0.0) for look in looks),
        together=max(look.together for look in looks),
        shared_once=max(look.shared_once for look in looks),
        course={f"{share}%": _at(looks, share).together for share in (10, 50, 90)},
    )


def _at(looks: list[Look], percent: int) -> Look:
    return looks[min(len(looks) - 1, len(looks) * percent // 100)]
