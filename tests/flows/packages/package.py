"""What each package does with its own code: make tables, enrol a user, accept a code.

Run as a process: `python -m tests.flows.packages.NAME PHONES [--alone]`. PHONES is a file that
stands for the users' phones: what each scanned at enrolment, in base32, by user. A word a line
on its input, a JSON document a line on its output:

    create      make the package's tables
    enrol N     enrol N users more
    log_in      let every user log in once; every tenth tries a wrong code too
    begin       go on logging in, and enrol somebody new now and then, until
    end         the same answer as for log_in

Without `--alone`, Reseal is attached: the few lines that an application changes.
"""

import json
import sys
import threading
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, field
from itertools import cycle
from pathlib import Path

import pyotp

_SECONDS_BETWEEN_LOGINS = 0.05


class Package(ABC):
    """One package, on the database of RESEAL_DATABASE_URL."""

    @abstractmethod
    def attach(self) -> None:
        """Bring Reseal in; called before anything else, and not with `--alone`."""

    @abstractmethod
    def create(self) -> None:
        """Make the tables by the package's own means."""

    @abstractmethod
    def enrol(self, number: int) -> tuple[str, str]:
        """Enrol a user; return what finds that user and the secret that the phone scans, in base32.

        The secret is what the package shows, made by its own generator.
        """

    @abstractmethod
    def accepts(self, user: str, code: str) -> bool:
        """Load the user anew and have the package verify a code; raise what it raises."""

    def forget_codes(self) -> None:  # noqa: B027 - not every package remembers them
        """Let codes count once more where the package remembers those that were used."""


@dataclass
class Logins:
    """What came of them; `failed` names each user who was kept out, and why."""

    passed: int = 0
    enrolled: int = 0
    wrong_let_in: int = 0
    failed: list[str] = field(default_factory=list)


class Desk:
    """Users with their phones in front of a package."""

    def __init__(self, package: Package, phones: Path) -> None:
        self._package = package
        self._file = phones
        self._phones: dict[str, str] = json.loads(phones.read_text()) if phones.exists() else {}
        self._ended = threading.Event()
        self._logins = Logins()
        self._thread: threading.Thread | None = None

    def create(self) -> dict[str, object]:
        self._package.create()
        return {}

    def enrol(self, count: str) -> dict[str, object]:
        for _ in range(int(count)):
            self._enrol()
        return {"users": len(self._phones)}

    def log_in(self) -> dict[str, object]:
        self._logins = Logins()
        self._package.forget_codes()
        for number, user in enumerate(self._phones):
            self._log_in(user, tries_wrong=number % 10 == 0)
        return asdict(self._logins)

    def begin(self) -> dict[str, object]:
        self._logins = Logins()
        self._ended.clear()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self._thread.start()
        return {}

    def end(self) -> dict[str, object]:
        self._ended.set()
        assert self._thread
        self._thread.join(30)
        return asdict(self._logins)

    def _go_on(self) -> None:
        users = list(self._phones)
        for number, user in enumerate(cycle(users), start=1):
            # Several such applications and what is tested share few processors.
            if self._ended.wait(_SECONDS_BETWEEN_LOGINS):
                return
            if number % len(users) == 1:
                self._package.forget_codes()
            self._log_in(user)
            if number % 20 == 0:
                self._enrol()
                self._logins.enrolled += 1

    def _enrol(self) -> None:
        user, secret = self._package.enrol(len(self._phones))
        self._phones[user] = secret
        self._file.write_text(json.dumps(self._phones))

    def _log_in(self, user: str, *, tries_wrong: bool = False) -> None:
        phone = pyotp.TOTP(self._phones[user])
        try:
            if tries_wrong:
                wrong = phone.at(0)
                self._logins.wrong_let_in += self._package.accepts(user, wrong)
                self._package.forget_codes()
            if self._package.accepts(user, phone.now()):
                self._logins.passed += 1
            else:
                self._logins.failed.append(f"{user}: refused")
        except Exception as error:
            self._logins.failed.append(f"{user}: {type(error).__name__}: {error}")


def serve(package: Package) -> None:
    """Answer each line of the input until it ends."""
    phones, *flags = sys.argv[1:]
    if "--alone" not in flags:
        package.attach()
    desk = Desk(package, Path(phones))
    for line in sys.stdin:
        word, *more = line.split()
        print(json.dumps(getattr(desk, word)(*more)), flush=True)
