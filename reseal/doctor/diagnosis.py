"""What the doctor says: lines in sections, each with what to do where it is not well."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reseal.errors import ResealError
from reseal.outcome import WRONG_USE, Outcome
from reseal.preflight.check import Check, Verdict
from reseal.preflight.question import Finding, Question, unknown
from reseal.preflight.subject import FieldSubject, Subject
from reseal.unexpected import scrubbed

ANYTHING_ELSE = "see docs/runbook.md, and report it if that does not help"


class Section(StrEnum):
    """What a line is about."""

    VERSIONS = "versions"
    SETTINGS = "settings"
    REACH = "reach"
    RIGHTS = "rights"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at; plain strings, never a secret.

    `source` says where a setting comes from, `purpose` what a right is for.
    """

    name: str
    value: str
    verdict: Verdict = Verdict.OK
    remedy: str = ""
    source: str | None = None
    purpose: str | None = None
    field: str | None = None

    def as_dict(self) -> dict[str, str]:
        """Return it as the command line prints it."""
        said = {"name": self.name, "value": self.value, "verdict": self.verdict.value,
                "remedy": self.remedy}  # fmt: skip
        more = {"source": self.source, "purpose": self.purpose, "field": self.field}
        return said | {word: text for word, text in more.items() if text is not None}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Every line, by section."""

    sections: Mapping[Section, tuple[Line, ...]]

    @property
    def verdict(self) -> Verdict:
        """The worst of all lines: refuse, else warn where any is not ok, else ok."""
        seen = {line.verdict for lines in self.sections.values() for line in lines}
        if Verdict.REFUSE in seen:
            return Verdict.REFUSE
        return Verdict.OK if seen <= {Verdict.OK} else Verdict.WARN

    @property
    def exit_code(self) -> int:
        """2 where a setting or something in reach is at fault, else 3 where rights are, else 0."""
        at_fault = {section for section in self.sections if self._faults(section)}
        if not at_fault:
            return Outcome.DONE.exit_code
        return Outcome.REFUSED.exit_code if at_fault == {Section.RIGHTS} else WRONG_USE

    def sentence(self) -> str:
        """Say what keeps a run from beginning: the first fault, and how many more there are."""
        faults = [line for section in self.sections for line in self._faults(section)]
        if not faults:
            return "nothing keeps a run from beginning; `reseal check` looks at the tables"
        first, more = faults[0], len(faults) - 1
        others = f" ({more} more to mend)" if more else ""
        return f"{first.name}: {first.value}; {first.remedy}{others}"

    def as_dict(self) -> dict[str, Any]:
        """Return it as the command line prints it."""
        lines = {section.value: [line.as_dict() for line in lines]
                 for section, lines in self.sections.items()}  # fmt: skip
        return {"verdict": self.verdict.value, "exit_code": self.exit_code,
                "message": self.sentence(), **lines}  # fmt: skip

    def _faults(self, section: Section) -> list[Line]:
        return [line for line in self.sections[section] if line.verdict is Verdict.REFUSE]


def told(name: str, look: Callable[[], Finding], purpose: str | None = None) -> Line:
    """Look; whatever is raised is a line too, for all else must be looked at all the same."""
    try:
        finding = look()
    except Exception as error:
        return fault(name, scrubbed(error))
    return Line(name, finding.value, finding.verdict, finding.remedy, purpose=purpose)


def fault(name: str, error: ResealError) -> Line:
    """Return the line of an error, whose sentence ends with what to do."""
    value, _, remedy = str(error).rpartition("; ")
    if not value:
        value, remedy = remedy, ANYTHING_ELSE
    return Line(name, value, Verdict.REFUSE, remedy)


def asked(question: Question[Any], subject: Subject | FieldSubject, purpose: str | None) -> Line:
    """Ask a check of preflight; an error is a line."""
    try:
        return of_check(question.ask(subject), purpose)
    except Exception as error:
        return fault(question.name, scrubbed(error))


def of_check(check: Check, purpose: str | None) -> Line:
    """Return a check of preflight as a line."""
    return Line(check.name, check.value, check.verdict, check.remedy, None, purpose, check.field)


def not_looked_at(name: str, before: str) -> Line:
    """Return the line of what cannot be looked at before something else is mended."""
    finding = unknown("not looked at", f"mend the {before} first")
    return Line(name, finding.value, finding.verdict, finding.remedy)
