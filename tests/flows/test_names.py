"""A run is called after what it does, to what, how and where."""

from pathlib import Path

import pytest

from flows.names import of_one, of_several
from reseal.modes import Mode
from tests.flows.conftest import CONFIG

MFA = "users.mfa_secret"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("RESEAL_CONFIG", raising=False)
    (tmp_path / "reseal.toml").write_text(CONFIG)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"mode": Mode.SAFE, "fields": []}, [MFA, "safe"]),
        ({"fields": ["a", "b"]}, ["a b"]),
        ({"fields": ["a", "b", "c"]}, ["3 fields"]),
        ({"config": "nowhere.toml"}, ["all fields"]),
        ({"run_id": "1234", "mode": "standard"}, ["1234", "standard"]),
        ({"version": 3, "then": "disabled"}, ["3", "disabled"]),
        ({"fields": ["a"], "target": "shop"}, ["a", "on shop"]),
        ({}, [MFA]),
    ],
)
def test_the_words_are_those_of_the_options(options: dict, expected: list[str]):
    assert of_one(options) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, ["all targets"]),
        ({"targets": []}, ["all targets"]),
        ({"targets": ["app", "shop"]}, ["app", "shop"]),
        ({"targets": ["a", "b", "c"], "at_once": 3}, ["3 targets"]),
    ],
)
def test_a_fleet_is_called_after_its_targets(options: dict, expected: list[str]):
    assert of_several(options) == expected
