"""What is wrong with `--backup-to` or `reseal backup` is told in one sentence; nothing changes."""

import os

import pytest

from tests.conftest import SENTINEL
from tests.flows.conftest import Ended
from tests.flows.sentences import NOBODY, UNKNOWN_RUN, described, missing, sentence, state

pytestmark = pytest.mark.slow


TO = "--backup-to"
WRONG = {
    "a password": (("encrypt", TO, f"sftp://ada:{SENTINEL}@host/x"), "has a password", 2),
    "a query": (("encrypt", TO, f"https://host/x?sig={SENTINEL}"), "has a query", 2),
    "a chain": (("encrypt", TO, f"zip://x::ftp://a:{SENTINEL}@h/x"), "one plain URL", 2),
    "nowhere": (("encrypt", TO, ""), "not empty", 2),
    "a file": (("encrypt", TO, "reseal.toml"), "nothing can be written to", 2),
    "read-only": (("encrypt", TO, "/proc/x"), "nothing can be written to", 2),
    "no protocol": (("encrypt", TO, "nowhere://x"), "nothing can be written to", 2),
    "no package": (("encrypt", TO, "s3://bucket/x"), "s3fs", 2),
    "no backup": (("encrypt", TO, "x", "--skip-backup"), "--skip-backup and --backup-to", 2),
    "no run to shred": (("backup", "shred"), "name one run, or pass --expired", 2),
    "two wishes": (("backup", "shred", UNKNOWN_RUN, "--expired"), "name one run, or pass", 2),
    "no database": (("backup", "shred", "--expired"), "there is no backup in this", 2),
    "no backups": (("backup", "prove", UNKNOWN_RUN), "there is no backup in this database", 2),
    "no file": (("backup", "prove", "none"), "none cannot be read: No such file", 1),
    "another file": (("backup", "prove", "reseal.toml"), "is not the header of a backup", 1),
    "no command": (("backup", "burn"), "'burn'", 2),
}


@pytest.mark.parametrize(("words", "says", "code"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_told_in_one_sentence_and_changes_nothing(reseal, users, words, says, code):
    before, files = state(users), sorted(os.listdir(reseal.directory))  # noqa: PTH208

    ended = reseal.run(*words)
    if words[:2] == ("backup", "prove") and code == 1:
        ended = Ended(ended.code, ended.out, ended.err.splitlines(keepends=True)[-1])
    assert missing((says,), sentence(ended, code)) == []
    assert state(users) == before
    assert sorted(os.listdir(reseal.directory)) == files  # noqa: PTH208


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f'to = "sftp://ada:{SENTINEL}@host/x"', "has a password"),
        ('to = ""', "not empty"),
        ("to = 7", "to in [backup] must be a string"),
        ("kept_days = 0", "kept_days in [backup] must be a number of days from 1"),
        ("kept = 7", "unknown word 'kept' in [backup]; known: kept_days, to"),
        ('to = "/proc/x"', "nothing can be written to /proc/x"),
    ],
)
def test_a_fault_in_the_configuration_is_named(reseal, text, says):
    reseal.write_config(f"[backup]\n{text}\n" + described())

    assert says in sentence(reseal.run("encrypt"), 2)


def test_the_list_is_empty_before_the_first_run(reseal):
    ended = reseal.run("backup", "list", "--json")
    assert (ended.code, ended.document) == (0, {"backups": []})
    assert NOBODY in reseal.environment.values()


def test_a_file_is_not_proven_without_a_key(reseal):
    ended = reseal.run("backup", "prove", "x", RESEAL_BACKUP_KEK="")
    assert "RESEAL_BACKUP_KEK is not set" in sentence(ended, 2)
