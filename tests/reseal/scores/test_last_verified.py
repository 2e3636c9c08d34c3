"""What the evidence knows of the last verification, from the head of the chain backwards."""

import json

import pytest

from reseal.evidence.head import HEAD
from reseal.evidence.shelf import LocalShelf
from reseal.scores.last_verified import last_verified, verified_in
from reseal.scores.reading import Verified
from tests.bundles import NOON, begin, close

NAME, OTHER = "users.mfa_secret", "devices.seed"
FACTS = [
    {"verdict": "opens", "accepted": False, "rows": 900},
    {"verdict": "will not open", "accepted": False, "rows": 2},
    {"verdict": "unknown key version", "accepted": True, "rows": 5},
    {"verdict": "malformed", "accepted": False, "rows": 1},
]


def bundle(root, number, **facts):
    evidence = begin(root, number)
    run_id = evidence.directory.name
    evidence.write(
        "run", {"run_id": run_id, "outcome": "done", "fields": {name: {} for name in facts}}
    )
    for field, found in facts.items():
        evidence.write(f"validation-{field}", {"facts": found})
    close(evidence)


def test_the_latest_bundle_that_opened_a_field_counts(tmp_path):
    bundle(tmp_path, 1, **{NAME: [{**FACTS[1], "rows": 40}], OTHER: FACTS})
    bundle(tmp_path, 2, **{NAME: FACTS})
    bundle(tmp_path, 3)

    found = last_verified(LocalShelf(tmp_path), [NAME, OTHER, "nobody"])

    assert found == {NAME: Verified(3, NOON), OTHER: Verified(3, NOON)}


def test_where_no_run_left_anything_nothing_is_known(tmp_path):
    assert last_verified(LocalShelf(tmp_path), [NAME]) == {}


@pytest.mark.parametrize(
    "validation",
    [
        None,
        [],
        {NAME: None},
        {NAME: {}},
        {NAME: {"facts": [{"verdict": "malformed"}]}},
        {NAME: {"facts": [{"verdict": [], "accepted": False, "rows": 1}]}},
        {NAME: {"facts": [{**FACTS[1], "rows": "many"}]}},
    ],
)
def test_what_is_no_validation_tells_nothing(validation):
    assert verified_in(validation, NOON) == {}


def test_what_a_manifest_says_leads_to_no_other_directory(tmp_path):
    root = tmp_path / "evidence"
    bundle(root, 1)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    facts = {"run": {"finished": NOON.isoformat()}, "validation": {NAME: {"facts": FACTS}}}
    (elsewhere / "manifest.json").write_text(json.dumps(facts))
    manifest = next(root.glob("0*/manifest.json"))
    said = json.loads(manifest.read_text())
    said["previous"] = {"run_id": "../elsewhere", "sha256": ""}
    manifest.write_text(json.dumps(said))

    assert (root / HEAD).exists()
    assert last_verified(LocalShelf(root), [NAME]) == {}
