"""What a check is made of: a name, a limit, and a function that looks and finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from reseal.errors import ConnectionLost, StoreError
from reseal.preflight.check import Check, Verdict
from reseal.preflight.subject import FieldSubject, Subject

NOT_VISIBLE = "give the role the right that is named (pg_monitor shows most), or look yourself"


class Finding(NamedTuple):
    """What a check saw, how it judges that, and what to do; build it by the verbs below."""

    value: str
    verdict: Verdict
    remedy: str


def ok(value: str) -> Finding:
    """Find that all is well."""
    return Finding(value, Verdict.OK, "")


def warn(value: str, remedy: str) -> Finding:
    """Find something that the operator should know."""
    return Finding(value, Verdict.WARN, remedy)


def refuse(value: str, remedy: str) -> Finding:
    """Find something that forbids the run."""
    return Finding(value, Verdict.REFUSE, remedy)


def unknown(value: str, remedy: str) -> Finding:
    """Find that it cannot be seen."""
    return Finding(value, Verdict.UNKNOWN, remedy)


def none_of(names: Iterable[str], verdict: Verdict, remedy: str) -> Finding:
    """Find that there is none of something, or judge those that there are."""
    listed = ", ".join(names)
    return Finding(listed, verdict, remedy) if listed else ok("none")


AnySubject = TypeVar("AnySubject", Subject, FieldSubject)


@dataclass(frozen=True, slots=True)
class Question(Generic[AnySubject]):
    """One check before it is asked."""

    name: str
    limit: str
    look: Callable[[AnySubject], Finding]

    def ask(self, subject: AnySubject) -> Check:
        """Look and judge; what the database refuses to show is unknown, not an error."""
        try:
            finding = self.look(subject)
        except ConnectionLost:
            raise
        except StoreError as error:
            finding = unknown(str(error), NOT_VISIBLE)
        return Check(self.name, finding.value, self.limit, *finding[1:], subject.name)
