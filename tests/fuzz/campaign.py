"""Try cases by number: a number and the seed are all that a case is made of."""

import multiprocessing
import os
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from random import Random

from tests.fuzz.subject import Case, Subject

_AT_ONCE = 2000
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """A case that did not end as it must; never the input itself, which the number makes again."""

    subject: str
    seed: int
    number: int
    how: str
    said: str

    def __str__(self) -> str:
        again = f"make fuzz ARGS='--only {self.subject} --seed {self.seed} --case {self.number}'"
        return (
            f"{self.subject}, seed {self.seed}, case {self.number}, {self.how}:\n{self.said}{again}"
        )


@dataclass(slots=True)
class Tally:
    """What came of many cases: counts by how they were made and what was answered."""

    answers: Counter[tuple[str, str]] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    slowest: tuple[float, int] = (0.0, -1)
    """Seconds, and the number of the case."""

    @property
    def total(self) -> int:
        """How many cases were tried."""
        return self.answers.total() + len(self.faults)

    def add(self, other: "Tally") -> None:
        """Count the other's cases too."""
        self.answers += other.answers
        self.faults += other.faults
        self.slowest = max(self.slowest, other.slowest)


def try_cases(make: Callable[[], Subject], seed: int, numbers: range) -> Tally:
    """Try cases in this process."""
    subject, tally = _subject(make), Tally()
    for number in numbers:
        case = case_of(subject, seed, number)
        began = time.perf_counter()
        try:
            tally.answers[case.how, subject.answer(case)] += 1
        except Exception as error:
            said = "".join(traceback.format_exception(error, limit=-4))
            tally.faults.append(Fault(subject.name, seed, number, case.how, said))
        tally.slowest = max(tally.slowest, (time.perf_counter() - began, number))
    return tally


def case_of(subject: Subject, seed: int, number: int) -> Case:
    """Make the case of this number."""
    return subject.case(Random(f"{subject.name}/{seed}/{number}"))


def try_all(make: Callable[[], Subject], seed: int, count: int) -> Iterator[Tally]:
    """Try so many cases on all cores; yield the tally so far, now and then."""
    parts = [range(at, min(at + _AT_ONCE, count)) for at in range(0, count, _AT_ONCE)]
    tally = Tally()
    with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as pool:
        work = ((make, seed, numbers) for numbers in parts)
        for done in pool.imap_unordered(_try_part, work):
            tally.add(done)
            yield tally
            if len(tally.faults) >= _MOST_FAULTS:
                return


def _try_part(work: tuple[Callable[[], Subject], int, range]) -> Tally:
    return try_cases(*work)


@cache
def _subject(make: Callable[[], Subject]) -> Subject:
    return make()
