"""What became of the question whether a run may write, and who says so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from reseal.audit.action import Action
from reseal.errors import ConfigurationError

MOST_NAME = 200
MOST_REASON = 2000
# How long a run may wait for an answer.
MOST_SECONDS = 30 * 24 * 3600


class Decision(StrEnum):
    """How a question ended."""

    APPROVED = "approved"
    REJECTED = "rejected"
    TIMED_OUT = "timed out"
    WITHDRAWN = "withdrawn"
    """The run was stopped while it waited."""

    @property
    def event(self) -> Action:
        """The action in the audit log."""
        said_in_a_word = (Decision.APPROVED, Decision.REJECTED)
        return Action(self.value if self in said_in_a_word else f"approval {self.value}")


class Way(StrEnum):
    """Where an answer was given."""

    PREFECT = "prefect"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision at a time (UTC); `name` is what a person says of herself.

    `os_user`, `host` and `database_user` are what is known of who typed it: of an answer in the
    Prefect UI nothing is, as its server has no users. `way` is None where no person decided.
    """

    decision: Decision
    at: datetime
    name: str = ""
    reason: str = ""
    way: Way | None = None
    os_user: str | None = None
    host: str | None = None
    database_user: str | None = None

    @property
    def is_yes(self) -> bool:
        """Whether the run may write."""
        return self.decision is Decision.APPROVED

    @property
    def of_a_person(self) -> bool:
        """Whether somebody decided, and not the time or a signal."""
        return self.way is not None

    @property
    def said(self) -> dict[str, Any]:
        """What the audit log and the evidence keep beside the decision."""
        return {
            "name": self.name,
            "reason": self.reason,
            "at": self.at.isoformat(),
            "by": self.way and self.way.value,
            "os_user": self.os_user,
            "host": self.host,
            "database_user": self.database_user,
            # Nobody has checked the name against anything.
            "name_is_self_declared": self.of_a_person,
        }


def named(text: str) -> str:
    """Return a person's name as it is kept; raise ConfigurationError where there is none."""
    name = _plain(text)
    if not name:
        raise ConfigurationError("say who answers, by name: --as NAME")
    if len(name) > MOST_NAME:
        raise ConfigurationError(f"a name has at most {MOST_NAME} characters")
    return name


def reasoned(text: str) -> str:
    """Return a reason as it is kept: one line."""
    reason = _plain(text)
    if len(reason) > MOST_REASON:
        raise ConfigurationError(f"a reason has at most {MOST_REASON} characters")
    return reason


def _plain(text: str) -> str:
    # It is shown on terminals and in pages: no control characters, no line breaks.
    words = " ".join(text.split())
    return "".join(letter for letter in words if letter.isprintable()).strip()
