"""Rotations whose keys are wrapped by a key service: few calls, and faults that change nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from reseal.place import Place
from reseal.secret import Secret
from reseal.store import data_key, schema
from tests.flows.rotations import KEYS, READY
from tests.flows.scene import FIELD, Scene
from tests.flows.sentences import missing, sentence
from tests.kms import FaultyKms, running_kms

pytestmark = pytest.mark.slow

ROWS, MOST_CALLS = 100_000, 9
TEXT = "JBSWY3DPEHPK3PXP"
UNDER_2 = "SELECT count(*) FROM users WHERE starts_with(mfa_secret, 'eyJrZXlWZXJzaW9uIjoyLCJ2Ijox')"
LAST_XMIN = "SELECT max(xmin::text::bigint) FROM users"


@dataclass(frozen=True)
class Served:
    """A scene whose two key-encryption keys are in a key service."""

    scene: Scene
    kms: FaultyKms

    def arranged(self) -> dict[str, str]:
        """The key states, and the last transaction that wrote a row."""
        keys: dict[str, str] = self.scene.ask(KEYS)
        return keys | {"written": str(self.scene.ask(LAST_XMIN))}


@pytest.fixture(scope="module")
def served(make_scene: Callable[[], Scene]) -> Iterator[Served]:
    """A table whose rows are all sealed under a key of the service."""
    with running_kms() as kms, pytest.MonkeyPatch.context() as patch:
        kms.leads_here(patch)
        made = make_scene()
        environment = {
            **made.command_line.environment,
            **kms.environment,
            "RESEAL_KEK": f"awskms:{kms.alias}",
            "RESEAL_BACKUP_KEK": f"awskms:{kms.new_key()}",
            "RESEAL_EVIDENCE_KEY": f"awskms:{kms.new_signer()}",
        }
        scene = replace(made, command_line=replace(made.command_line, environment=environment))
        seal_all(scene)
        yield Served(scene, kms)


def seal_all(scene: Scene) -> None:
    with scene.library() as (access, store):
        schema.migrate(store)
        keyring = data_key.ensure_active(store, access.kek(), "test")
        sealed = (
            str(keyring.seal(Place(FIELD, (key,)), Secret(TEXT))) for key in range(1, ROWS + 1)
        )
        scene.enrol(sealed)


@pytest.fixture
def kms(served: Served) -> Iterator[FaultyKms]:
    """The service, without a fault and with its calls counted from here on."""
    served.kms.calls.clear()
    yield served.kms
    served.kms.heals()


def test_a_rotation_makes_few_calls_however_many_rows_and_workers(
    served: Served, kms: FaultyKms
) -> None:
    ended = served.scene.command_line.run("rotate", READY, "--aggressive", "--json")

    assert ended.code == 0, ended.err
    assert served.scene.ask(UNDER_2) == ended.part(FIELD)["changed"] == ROWS
    # A trial before the run, the bundle's statement, and the head of the chain.
    assert (kms.calls.pop("Sign"), kms.calls.pop("GetPublicKey")) == (3, 1)
    assert kms.calls.keys() == {"Encrypt", "Decrypt"}
    assert sum(kms.calls.values()) <= MOST_CALLS, kms.calls
    assert kms.calls["Encrypt"] >= 3


def test_its_evidence_is_signed_by_the_service_and_checked_without_it(
    served: Served, tmp_path: Path
) -> None:
    line, key = served.scene.command_line, tmp_path / "key.pub"
    key.write_text(line.run("evidence", "key").out)

    served.kms.goes_away()
    try:
        checked = line.run("evidence", "verify", "--key", str(key), "--json")
    finally:
        served.kms.comes_back()

    assert (checked.code, checked.document["bundles"]) == (0, 1), checked.err


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("AccessDeniedException", ("awskms:", "no right", "kms:Encrypt and kms:Decrypt")),
        ("ThrottlingException", ("awskms:",)),
        ("KMSInternalException", ("awskms:",)),
    ],
)
@pytest.mark.parametrize("words", [("rotate", READY), ("keys", "stage")])
def test_a_service_that_says_no_ends_a_command_in_one_sentence_and_changes_nothing(
    served: Served, kms: FaultyKms, words: tuple[str, ...], code: str, says: tuple[str, ...]
) -> None:
    before = served.arranged()
    kms.fails_with(code)

    assert missing(says, sentence(served.scene.command_line.run(*words), 2)) == []
    assert served.arranged() == before


def test_a_service_that_cannot_be_reached_changes_nothing_until_it_is_back(
    served: Served, kms: FaultyKms
) -> None:
    before = served.arranged()
    kms.goes_away()
    try:
        ended = served.scene.command_line.run("rotate", READY)
    finally:
        kms.comes_back()

    assert "awskms:" in sentence(ended, 2)
    assert served.arranged() == before


def test_a_passing_fault_of_the_service_is_waited_out(served: Served, kms: FaultyKms) -> None:
    kms.fails_with("ThrottlingException", times=2)

    staged = served.scene.command_line.run("keys", "stage", "--json")
    assert staged.document == {"version": 3, "state": "staged", "made": True}
