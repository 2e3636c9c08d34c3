"""Every command that README and runbook show is run, on one database, from first to last.

Those that only look are run in tests/flows/test_first_hour.py.
"""

import os
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

import pytest
import typer
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.kek import open_kek
from tests.documents.markdown import README, ROOT, RUNBOOK, Page
from tests.documents.shell import commands, mentions, parsed, words_of
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene, wait_until
from tests.flows.test_first_hour import looks
from tests.flows.waiting import waits

pytestmark = pytest.mark.slow

SEED, NO_SECRET = "JBSWY3DPEHPK3PXP", "not a secret!"
USERS, MENDED, ACCEPTED = 30, 31, 32
WHO = "Grace Hopper"
OPEN, SHUT, STOPPED, SOME_LEFT = 0, 3, 6, 4

# Each line as the pages have it, and the code with which it ends here.
DOES = {
    "encrypt --backup-to WHERE": SOME_LEFT,
    "backup prove FILE": OPEN,
    "quarantine retry [KEY...]": OPEN,
    "quarantine retry": SOME_LEFT,
    'quarantine accept --field NAME --approved-by "NAME"': OPEN,
    "encrypt --guard": OPEN,
    "optimise --dry-run": OPEN,
    "optimise": OPEN,
    "rotate": OPEN,
    "rollback RUN": OPEN,
    "rotate --compromised VERSION": OPEN,
    "keys retire VERSION": OPEN,
    'keys disable VERSION --approved-by "NAME"': SHUT,
    'keys destroy VERSION --approved-by "NAME"': SHUT,
    "residue --clean": OPEN,
    "encrypt --require-approval": OPEN,
    'approve RUN --as "NAME"': OPEN,
    "encrypt": STOPPED,
    "pause": OPEN,
    "resume": OPEN,
    "stop": OPEN,
    "panic": OPEN,
    "audit show NUMBER": OPEN,
    "audit verify --head N:HASH": OPEN,
    "backup shred --expired": OPEN,
    'backup shred RUN --approved-by "NAME"': OPEN,
    'backup shred RUN --unseen FIELD --approved-by "NAME"': OPEN,
    "keys rewrap --to file:/etc/reseal/new": OPEN,
}

# What is run by another test, or by none; and why not here.
FIRST, BY_HAND = "tests/flows/test_first_hour.py", "Makefile"
ELSEWHERE = {
    "init": (FIRST, "the steps of the README"),
    "encrypt --safe": (FIRST, "the steps of the README"),
    "verify": (FIRST, "the steps of the README"),
    "serve": ("tests/flows/test_serve.py", "goes on until Ctrl-C"),
    "rotate-fleet": ("tests/flows/test_fleet.py", "several databases, and a worker"),
    "rotate-fleet TARGET…": ("tests/flows/test_fleet.py", "several databases, and a worker"),
    "openssl": (FIRST, "the steps of the README"),
    "chmod": (FIRST, "the steps of the README"),
    "export": (FIRST, "the steps of the README"),
    "make setup": (BY_HAND, "has been run where a test runs"),
    "make demo": ("tests/flows/test_demo.py", "with fewer users"),
    "make test": (BY_HAND, "would run itself"),
    "make check": (BY_HAND, "would run itself"),
    "make pages": ("tests/documents/test_pages.py", "compared with what it would write"),
    "make bench": ("tests/test_bench.py", "takes minutes; its parts are tested"),
    "make bench-neighbour": (BY_HAND, "takes half an hour"),
    "make chaos": ("tests/flows/test_chaos.py", "takes half an hour; a short one is tested"),
    "make fuzz": ("tests/test_fuzz.py", "a short one is tested"),
    "make model": ("tests/test_model.py", "a small world is tested"),
    "make keys": ("tests/flows/test_rotations_in_a_row.py", "a short one is tested"),
    "make schemas": ("tests/flows/test_every_schema.py", "one table of each kind is tested"),
    "make residue": ("tests/flows/test_residue.py", "takes minutes; a short one is tested"),
    "make login-query": ("tests/test_login_query.py", "a million rows; fewer are tested"),
    "make runners": ("tests/flows/test_runners.py", "half a million rows; fewer are tested"),
    "make orchestration": (BY_HAND, "takes minutes, and has limits of its own"),
    "make fleet": (BY_HAND, "takes minutes; its first half is tested"),
    "make ui": (BY_HAND, "drives a browser for a minute"),
    "psql": ("tests/flows/test_bad_night.py", "after the schema was dropped"),
    "pg_restore": ("tests/flows/test_bad_night.py", "after the schema was dropped"),
    "aws": ("tests/flows/test_kms.py", "needs a cloud KMS; a stand-in is tested"),
    "softhsm2-util": ("tests/softhsm.py", "done by a fixture"),
    "pkcs11-tool": ("tests/softhsm.py", "a key is made through the same library"),
}


@dataclass
class Told:
    """One database, and what each line of the pages said there."""

    scene: Scene
    steps: dict[str, Ended] = field(default_factory=dict)
    run_id: str = ""

    def does(self, line: str, *more: str, **means: str) -> Ended:
        """Run a line of the pages; `means` is what its placeholders stand for."""
        bare = re.sub(r"[\[\]]|\.\.\.", "", line).replace('"', "")
        words = [means.get(word, word) for word in bare.split(" ")]
        self.steps[line] = self.scene.command_line.run(*words, *more)
        return self.steps[line]

    def sql(self, statement: str) -> None:
        with self.scene.connect() as connection:
            connection.execute(statement.encode())


def begins(told: Told) -> None:
    """The first run, with a copy of its backup, and what it could not seal."""
    told.scene.enrol([SEED] * USERS + [NO_SECRET, NO_SECRET])
    where = told.scene.directory / "copies"
    told.run_id = told.does("encrypt --backup-to WHERE", "--json", WHERE=str(where)).run_id
    copy = where / told.run_id / f"{FIELD}.reseal-backup"
    told.does("backup prove FILE", FILE=str(copy))
    told.sql(f"UPDATE users SET mfa_secret = '{SEED}' WHERE id = {MENDED}")
    told.does("quarantine retry [KEY...]", KEY=str(MENDED))
    told.does("quarantine retry")
    person, accept = "--approved-by=" + WHO, 'quarantine accept --field NAME --approved-by "NAME"'
    told.steps[accept] = told.scene.command_line.run(
        "quarantine", "accept", "--field", FIELD, person, "--all"
    )
    told.sql(f"UPDATE users SET mfa_secret = NULL WHERE id = {ACCEPTED}")
    told.does("encrypt --guard")
    told.does("optimise --dry-run")
    told.does("optimise")


@contextmanager
def an_application(scene: Scene) -> Iterator[None]:
    """An application that looks for keys and tells which it opens, twice a second."""
    environment = scene.command_line.environment
    kek = open_kek(environment["RESEAL_KEK"], environment)
    with ConnectionPool(scene.database, min_size=1, max_size=2) as pool:
        vault = Vault.connect(pool, scene.directory / "reseal.toml", kek, beats=0.5)
        yield
        vault.close()


def turns_keys(told: Told) -> None:
    """A rotation, its rollback, another one as the key is known; what keys may go."""
    with an_application(told.scene):
        rotated = told.does("rotate", "--json")
        told.does("rollback RUN", RUN=rotated.run_id)
        told.does("rotate --compromised VERSION", VERSION="1")
    told.scene.command_line.run("keys", "stage")
    told.does("keys retire VERSION", VERSION="4")
    for verb in ("disable", "destroy"):
        told.does(f'keys {verb} VERSION --approved-by "NAME"', VERSION="2", NAME=WHO)
    told.does("residue --clean")


def asks(told: Told) -> None:
    """A run that waits for a person, who lets it go on."""
    waiting = waits(told.scene, "asked", "encrypt")
    told.does('approve RUN --as "NAME"', RUN=waiting.run_id, NAME=WHO)
    told.steps["encrypt --require-approval"] = waiting.ends()


def waits_and_ends(told: Told) -> None:
    """Two runs that wait, from a file on, so that there is one to be told something."""
    state = told.scene.directory / ".reseal"
    state.mkdir(exist_ok=True)
    (state / "pause").touch()
    for verbs in (("pause", "resume", "stop"), ("panic",)):
        process = told.scene.command_line.start("encrypt")
        wait_until(lambda: told.scene.command_line.run("pause").code == OPEN)
        for verb in verbs:
            told.does(verb)
        out, err = process.communicate(timeout=60)
        told.steps.setdefault("encrypt", Ended(process.wait(), out, err))
    (state / "pause").unlink()


def ends(told: Told) -> None:
    """What the log says, originals that nobody needs any more, and another KEK."""
    told.does("audit show NUMBER", NUMBER="1")
    head = told.scene.command_line.run("audit", "verify", "--json").document["head"]
    told.does("audit verify --head N:HASH", **{"N:HASH": head})
    told.does("backup shred --expired")
    shred = partial(told.does, RUN=told.run_id, FIELD=FIELD, NAME=WHO)
    shred('backup shred RUN --approved-by "NAME"')
    shred('backup shred RUN --unseen FIELD --approved-by "NAME"')
    new = told.scene.directory / "new"
    new.write_text(b64encode(os.urandom(32)).decode())
    new.chmod(0o600)
    told.does("keys rewrap --to file:/etc/reseal/new", **{"file:/etc/reseal/new": f"file:{new}"})


@pytest.fixture(scope="module")
def told(make_scene: Callable[[], Scene]) -> Told:
    """All of it, in the order in which it can be."""
    made = Told(make_scene())
    for part in (begins, turns_keys, asks, waits_and_ends, ends):
        part(made)
    return made


@pytest.mark.parametrize("line", DOES)
def test_a_command_that_does_something_ends_with_its_code(told, line):
    ended = told.steps[line]

    assert ended.code == DOES[line], ended.err + ended.out
    assert "Traceback" not in ended.err


def test_in_the_end_every_secret_opens_under_the_new_kek(told):
    new = {"RESEAL_KEK": f"file:{told.scene.directory / 'new'}"}

    ended = told.scene.command_line.run("verify", **new)

    assert ended.code == 0, ended.err
    assert len(told.scene.sealed()) == USERS + 1


def shown(page: Page) -> set[str]:
    """The whole commands of a page, those of Reseal without its name."""
    found = set()
    for line in [*commands(page), *mentions(page), *_indented(page)]:
        said = line.removeprefix(".venv/bin/")
        if said.startswith("reseal"):
            found |= {said.removeprefix("reseal ")} if _is_whole(said) else set()
        else:
            found.add(" ".join(said.split()[: 2 if said.startswith("make") else 1]))
    return found


def _is_whole(line: str) -> bool:
    try:
        parsed(words_of(line))
    except (ValueError, typer.TyperException):
        return False
    return True


def _indented(page: Page) -> list[str]:
    return re.findall(r"^ {6}((?:aws|softhsm2-util|pkcs11-tool) .*)$", page.text, re.MULTILINE)


def test_no_command_of_the_pages_is_left_out_and_none_is_listed_that_they_lack():
    asked = {*looks(), "audit list [--run RUN] [--limit N]", "status", "check", "doctor"}

    assert shown(README) | shown(RUNBOOK) == asked | set(DOES) | set(ELSEWHERE)


@pytest.mark.parametrize(("line", "why"), ELSEWHERE.items(), ids=ELSEWHERE)
def test_what_is_not_run_here_has_a_short_reason_and_a_place(line, why):
    file, reason = why

    assert len(reason) <= 50
    assert (ROOT / file).exists()
    assert line.split()[-1] in (ROOT / file).read_text(encoding="utf-8") or file != BY_HAND
