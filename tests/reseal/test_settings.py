"""The environment: what it may hold, and what stands where it holds nothing."""

from pathlib import Path

import pytest

from reseal.actor import account
from reseal.errors import SettingsError
from reseal.settings import Settings
from tests.conftest import SENTINEL

HERE = Path("/srv/app")

EVERYTHING = {
    "RESEAL_DATABASE_URL": "postgresql://h/d",
    "RESEAL_KEK": "env:KEK",
    "RESEAL_BACKUP_KEK": "file:/etc/backup_kek",
    "RESEAL_CONFIG": "conf/reseal.toml",
    "RESEAL_EVIDENCE": "s3://bucket",
    "RESEAL_ENVIRONMENT": "development",
}


def test_everything_that_is_set_is_taken():
    settings = Settings.of(EVERYTHING, HERE)

    assert settings.database_url == "postgresql://h/d"
    assert settings.kek == "env:KEK"
    assert settings.backup_kek == "file:/etc/backup_kek"
    assert settings.config == HERE / "conf/reseal.toml"
    assert settings.evidence == "s3://bucket"
    assert settings.is_development
    assert not settings.embedded


@pytest.mark.parametrize("variables", [{}, dict.fromkeys(EVERYTHING, "")])
def test_what_is_not_set_or_empty_has_a_default(variables):
    settings = Settings.of(variables, HERE)

    assert settings.embedded
    assert (settings.kek, settings.backup_kek, settings.evidence) == (None, None, None)
    assert settings.config == HERE / "reseal.toml"
    assert settings.state == HERE / ".reseal"
    assert not settings.is_development


@pytest.mark.parametrize("environment", ["production", "Development", "dev", "staging"])
def test_only_the_word_development_declares_it(environment):
    assert not Settings.of({"RESEAL_ENVIRONMENT": environment}, HERE).is_development


def test_a_named_configuration_wins_over_the_environment():
    assert Settings.of(EVERYTHING, HERE, Path("a.toml")).config == HERE / "a.toml"
    assert Settings.of(EVERYTHING, HERE, Path("/b.toml")).config == Path("/b.toml")


def test_the_variables_are_kept_and_not_shown():
    settings = Settings.of({"KEK": SENTINEL}, HERE)

    assert settings.variables["KEK"] == SENTINEL
    assert SENTINEL not in repr(settings)


def test_this_process_s_environment_is_read(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESEAL_KEK", "env:ELSEWHERE")

    settings = Settings.from_environment()
    assert settings.kek == "env:ELSEWHERE"
    assert settings.state == tmp_path / ".reseal"


def test_who_is_at_work_is_named_or_is_the_account(tmp_path):
    assert Settings.of({"RESEAL_ACTOR": " Ada Lovelace "}, tmp_path).actor == "Ada Lovelace"
    assert Settings.of({"LOGNAME": "eve", "USER": "eve"}, tmp_path).actor == account()


@pytest.mark.parametrize("name", ["Ada\x1b[2J", "Ada\nEve", "Ada\udce9"])
def test_what_cannot_be_printed_names_nobody(tmp_path, name):
    with pytest.raises(SettingsError, match="RESEAL_ACTOR"):
        Settings.of({"RESEAL_ACTOR": name}, tmp_path)
