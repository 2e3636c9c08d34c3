"""A place for backup files: a path or a URL, without a credential, looked at before it is used."""

import os
import stat

import pytest

from reseal import BackupFileError, ConfigurationError
from reseal.backup.copies import file_name
from reseal.backup.location import Location
from reseal.errors import Refused
from tests.conftest import SENTINEL
from tests.reseal.test_remote import fail_half_way

BARE = [
    ("s3://bucket/backups/", "s3://bucket/backups"),
    ("sftp://ada@host:22/backups", "sftp://ada@host:22/backups"),
    ("ftp://[::1]/backups", "ftp://[::1]/backups"),
    ("memory://x", "memory://x"),
    ("file:///var/backups", "/var/backups"),
    ("local:///var/backups", "/var/backups"),
    ("/var/backups", "/var/backups"),
    ("/var/back:ups@x", "/var/back:ups@x"),
]


@pytest.mark.parametrize(("text", "place"), BARE, ids=[text for text, _ in BARE])
def test_a_place_is_a_path_or_a_url(text, place):
    location = Location.parse(text)

    assert location.text == place
    assert location.is_remote is ("://" in place)
    assert location.inside("run", "f").text == f"{place}/run/f"
    assert location.inside("run", "f").beside("g").text == f"{place}/run/g"


def test_a_path_is_where_the_command_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    assert Location.parse("backups").path == tmp_path / "backups"


WRONG = [
    ("", "not empty"),
    ("a\0b", "not empty"),
    (f"sftp://ada:{SENTINEL}@host/x", "has a password"),
    (f"s3://key:{SENTINEL}@bucket", "has a password"),
    ("ftp://ada:@host/x", "has a password"),
    (f"https://host/x?sig={SENTINEL}", "has a query or a fragment"),
    (f"s3://bucket/x#{SENTINEL}", "has a query or a fragment"),
    (f"simplecache::ftp://ada:{SENTINEL}@host/x", "one plain URL"),
    (f"zip://x::ftp://ada:{SENTINEL}@host/x", "one plain URL"),
    (f"dir://x://{SENTINEL}@y", "one plain URL"),
    ("://x", "one plain URL"),
    ("ftp://[::1/x", "malformed"),
]


@pytest.mark.parametrize(("text", "says"), WRONG, ids=[str(n) for n in range(len(WRONG))])
def test_a_place_with_a_credential_is_refused_and_not_shown(text, says):
    with pytest.raises(ConfigurationError, match=says) as caught:
        Location.parse(text)

    assert SENTINEL not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_file_has_its_name_when_it_is_whole_and_is_its_owners(tmp_path):
    place = Location(str(tmp_path / "new" / "run" / "f"))
    before = os.umask(0)
    try:
        with place.creating() as file:
            file.write(b"all of it")
            assert not place.path.exists()
    finally:
        os.umask(before)

    assert place.path.read_bytes() == b"all of it"
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (place.path, *place.path.parents[:2])]
    assert modes == [0o600, 0o700, 0o700]
    assert os.listdir(place.path.parent) == ["f"]  # noqa: PTH208


def test_a_file_whose_writing_fails_is_not_there(tmp_path):
    place = Location(str(tmp_path / "f"))

    with pytest.raises(Refused):
        fail_half_way(place.creating())
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_with_the_file(tmp_path):
    place = Location(str(tmp_path / "run" / "f"))
    writing = place.creating()
    writing.__enter__().write(b"half")
    left = [path.name for path in place.path.parent.iterdir()]

    place.remove()
    assert left == [".f.part"]
    assert not place.path.parent.exists()
    place.remove()


def test_a_file_of_that_name_is_not_written_over(tmp_path):
    place = Location(str(tmp_path / "f"))
    place.need_free()
    place.path.write_bytes(b"another's")

    with pytest.raises(BackupFileError, match="exists already, and is not written over"):
        place.need_free()


def test_looking_whether_one_may_write_makes_nothing(tmp_path):
    Location(str(tmp_path / "a" / "b")).need_writable()

    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_to_is_told(tmp_path):
    (tmp_path / "f").write_bytes(b"")

    for text in (
        str(tmp_path / "f"),
        str(tmp_path / "f" / "below"),
        "/proc/nothing",
        "nowhere://x",
    ):
        with pytest.raises(ConfigurationError, match=r"nothing can be written to .*--backup-to"):
            Location(text).need_writable()


@pytest.mark.parametrize(
    ("field", "late", "name"),
    [
        ("users.mfa_secret", 0, "users.mfa_secret.reseal-backup"),
        ("users.mfa_secret", 1, "users.mfa_secret.late.reseal-backup"),
        ("users.mfa_secret", 2, "users.mfa_secret.late-2.reseal-backup"),
        ("users.late", 0, "users%2Elate.reseal-backup"),
        ("../a b/\u00e4", 0, "..%2Fa%20b%2F%C3%A4.reseal-backup"),
        ("..", 0, "...reseal-backup"),
    ],
)
def test_a_field_gives_a_file_its_name(field, late, name):
    assert file_name(field, late) == name


def test_long_names_differ_as_their_fields_do():
    names = {file_name("\u00e4" * 200 + end, late) for end in "ab" for late in (0, 1, 2)}

    assert len(names) == 6
    assert max(map(len, names)) <= 200
