"""A target is taken in place of the environment, as a whole, and never tells what is in it."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from reseal.errors import SettingsError
from reseal.settings import Settings
from tasks.target import Target

URL = "postgresql://runner:hunter2@db.internal/shop"
ENVIRONMENT = {
    "RESEAL_DATABASE_URL": "postgresql:///app",
    "RESEAL_KEK": "file:/etc/kek",
    "RESEAL_BACKUP_KEK": "file:/etc/backup",
    "RESEAL_EVIDENCE": "/var/evidence",
    "RESEAL_EVIDENCE_LINK": "http://127.0.0.1:4201",
    "SHOP_URL": URL,
}
GIVEN = Settings.of(ENVIRONMENT, Path("/srv"))


def taken(target: Target) -> Settings:
    return Settings.of({**ENVIRONMENT, **target.variables(GIVEN)}, Path("/srv"))


@pytest.mark.parametrize("said", [URL, "env:SHOP_URL"])
def test_its_url_is_what_it_says_or_a_variable_of_the_worker(said: str):
    settings = taken(Target(database_url=SecretStr(said), kek="env:SHOP_KEK"))

    assert (settings.database_url, settings.kek) == (URL, "env:SHOP_KEK")


def test_what_it_leaves_empty_is_not_that_of_the_environment():
    settings = taken(Target(database_url=SecretStr(URL), kek="env:SHOP_KEK"))

    assert (settings.backup_kek, settings.evidence) == (None, None)
    assert settings.config == GIVEN.config
    # reseal.toml is the same, and so is where its evidence is served.
    assert settings.evidence_link == GIVEN.evidence_link


def test_a_link_leads_to_no_evidence_of_another():
    target = Target(database_url=SecretStr(URL), kek="env:K", evidence=SecretStr("/var/shop"))

    settings = taken(target)
    assert (settings.evidence, settings.evidence_link) == ("/var/shop", None)


def test_a_variable_that_is_not_there_is_named():
    target = Target(database_url=SecretStr("env:NOBODY"), kek="env:SHOP_KEK")

    with pytest.raises(SettingsError, match="NOBODY"):
        target.variables(GIVEN)


@pytest.mark.parametrize("uri", ["", "kek", "AAAA"])
def test_a_key_is_named_by_a_uri(uri: str):
    with pytest.raises(ValidationError):
        Target(database_url=SecretStr(URL), kek=uri)


def test_its_url_is_neither_printed_nor_in_its_schema():
    target = Target(database_url=SecretStr(URL), kek="env:SHOP_KEK")

    assert "hunter2" not in repr(target) + json.dumps(target.model_dump(mode="json"))
    assert set(Target.model_json_schema()["secret_fields"]) == {"database_url", "evidence"}
