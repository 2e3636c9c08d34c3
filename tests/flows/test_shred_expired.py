"""`reseal backup shred --expired`: every backup is judged by itself, and all of it is told."""

from pathlib import Path

import psycopg
import pytest

from reseal.access import Access
from reseal.store.store import Store
from tests.flows.conftest import CommandLine, Ended
from tests.flows.sentences import sentence, unserved
from tests.reseal.scene import SEED, Scene

pytestmark = pytest.mark.slow

EXPIRE = "UPDATE reseal.backup_set SET expires = now() - %s * interval '1 day' WHERE run_id = %s"


@pytest.fixture
def reseal(database: str, keys: dict[str, str], tmp_path: Path) -> CommandLine:
    return unserved(database, keys, tmp_path)


@pytest.fixture
def three(access: Access, store: Store, admin: psycopg.Connection) -> list[Scene]:
    """Three runs past their date; the field of the middle one is not in reseal.toml any more."""
    first = Scene(access, store, admin)
    first.enrol(SEED, SEED)
    scenes = [first, first.described(name="users.renamed").again(), first.again()]
    for days, scene in zip((3, 2, 1), scenes, strict=True):
        scene.back_up()
        scene.prove()
        admin.execute(EXPIRE, [days, scene.run_id])
    return scenes


def shred(reseal: CommandLine, *words: str) -> Ended:
    return reseal.run("backup", "shred", *words)


def test_one_that_cannot_be_judged_keeps_no_other(reseal, three):
    ended = shred(reseal, "--expired", "--json")
    document = ended.document

    assert ended.code == 3
    assert [one["run_id"] for one in document["shredded"]] == [
        str(three[0].run_id), str(three[2].run_id),
    ]  # fmt: skip
    (why,) = document["refused"].values()
    assert list(document["refused"]) == [str(three[1].run_id)]
    assert "there is no field 'users.renamed'" in why
    assert sentence(ended, 3) == f"reseal: {why}"


def test_a_person_is_told_all_of_it_and_can_decide(reseal, three):
    said = shred(reseal, "--expired").err.splitlines()
    assert [line.split(":")[0] for line in said] == [
        "users.mfa_secret", "users.mfa_secret", "not shredded", "reseal",
    ]  # fmt: skip

    nobody = shred(reseal, "--expired", "--unseen", "users.renamed")
    assert "say who approved it" in sentence(nobody, 2)
    decided = shred(
        reseal, str(three[1].run_id), "--unseen", "users.renamed", "--approved-by", "Grace"
    )
    assert decided.code == 0
    assert decided.err == (
        "users.renamed: 2 originals destroyed; an unknown number of rows cannot be rolled back any "
        "more\n"
    )
    assert shred(reseal, "--expired").err == "No backup is past its date.\n"


def test_what_was_shredded_before_is_told(reseal, three):
    run = str(three[0].run_id)
    shred(reseal, run, "--approved-by", "Grace Hopper")
    again = shred(reseal, run)

    assert again.code == 0
    assert again.err.startswith("users.mfa_secret: shredded before, 2")
    assert again.err.endswith("by Grace Hopper\n")
    (one,) = shred(reseal, run, "--json").document["shredded"]
    assert one["shredded_before"]["users.mfa_secret"]["by"] == "Grace Hopper"
