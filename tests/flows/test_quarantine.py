"""`reseal quarantine`: what a person sees, decides and tries again, through the real commands."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.bundles import differences
from tests.conftest import SENTINEL
from tests.flows.conftest import Ended
from tests.flows.scene import FIELD, Scene, flipped, secret_of, set_secret
from tests.flows.test_leaks import has

pytestmark = pytest.mark.slow

SECRET = "JBSWY3DPEHPK3PXP"
STRANGER, FOREIGN, REFUSED, DELETED, DAMAGED = range(1, 6)
USERS = 40
BY = "--approved-by=Grace Hopper"
# What stands in the rows that cannot be sealed; no output may show any of it.
STRANGE = f"{SENTINEL}!"
ENCRYPTED = f"vault:v1:{SENTINEL}"
# Preflight tries constraints in a transaction that only reads, so this one deceives it.
REFUSES = """
CREATE FUNCTION refuses(id bigint, secret text) RETURNS boolean LANGUAGE sql AS $$
    SELECT id <> 3 OR NOT starts_with(secret, 'eyJ')
        OR current_setting('transaction_read_only')::boolean $$;
ALTER TABLE users ADD CONSTRAINT refused CHECK (refuses(id, mfa_secret));
"""
KEPT = """
SELECT json_agg(q)::text || (SELECT json_agg(e)::text FROM reseal.event e)
FROM reseal.quarantine q
"""
ACCEPTS = "ALTER TABLE users DROP CONSTRAINT refused"


@dataclass
class Told:
    """What each command of a story said, by its name."""

    scene: Scene
    steps: dict[str, Ended] = field(default_factory=dict)

    def runs(self, name: str, *words: str) -> Ended:
        """Run a command as the step of this name."""
        self.steps[name] = self.scene.command_line.run(*words)
        return self.steps[name]

    def does(self, statement: str, *parameters: Any) -> None:
        """Change the database as its owner."""
        with self.scene.connect() as connection:
            connection.execute(statement.encode(), parameters or None)

    def rows(self, name: str) -> dict[int, dict[str, Any]]:
        """The rows of a list, by user."""
        return {int(row["key"][0]): row for row in self.steps[name].document["rows"]}

    def classes(self, name: str) -> dict[int, str]:
        """The classes of a list, by user."""
        return {key: row["class"] for key, row in self.rows(name).items()}

    def part(self, name: str) -> dict[str, Any]:
        """What the document of a step says of the field."""
        return self.steps[name].part(FIELD)


@pytest.fixture(scope="module")
def told(make_scene: Callable[[], Scene]) -> Told:
    """Rows are set aside, accepted, met again, mended and tried again."""
    told = Told(make_scene())
    texts = [SECRET] * USERS
    texts[STRANGER - 1], texts[FOREIGN - 1], texts[DELETED - 1] = STRANGE, ENCRYPTED, "nothing"
    texts[REFUSED - 1] = SENTINEL
    told.scene.enrol(texts)
    told.does(REFUSES)
    told.runs("before", "quarantine", "list", "--json")
    told.runs("first", "encrypt", "--json")
    told.runs("list", "quarantine", "list", "--json")
    accepts(told)
    meets_again(told)
    tries_again(told)
    return told


def accepts(told: Told) -> None:
    """All in one go, after what is refused."""
    of = ("quarantine", "accept", "--field", FIELD)
    told.runs("unknown", *of, BY, "1", "77")
    told.runs("nobody", *of, "--approved-by= ", "1")
    told.runs("nothing", *of, BY)
    told.runs("both", *of, BY, "1", "--all")
    told.runs("no class", *of, BY, "--class", "odd")
    told.runs("none of it", *of, BY, "--class", "malformed")
    told.runs("no approval", *of, "1")
    told.runs("untouched", "quarantine", "list", "--json")
    told.runs("accept one", *of, BY, "--note", "asked the user", "1", "--json")
    told.runs("accept class", *of, BY, "--class", "foreign")
    told.runs("three are left", "encrypt", "--json")
    told.runs("accept all", *of, BY, "--all", "--json")
    told.runs("accepted", "quarantine", "list", "--json")
    told.runs("to a person", "quarantine", "list", "--limit", "2")


def meets_again(told: Told) -> None:
    """Runs on a table where all that is wrong was accepted, and then is wrong in another way."""
    told.runs("all accepted", "encrypt", "--json")
    told.runs("verified", "verify", "--json")
    told.does("DELETE FROM users WHERE id = %s", DELETED)
    told.does("UPDATE users SET mfa_secret = 'n/a' WHERE id = %s", FOREIGN)
    with told.scene.connect() as connection:
        set_secret(connection, DAMAGED, flipped(secret_of(connection, DAMAGED)))
    told.runs("otherwise", "encrypt", "--json")
    told.runs("after otherwise", "quarantine", "list", "--json")


def tries_again(told: Told) -> None:
    """After one row each was mended, disabled, and left as it was."""
    told.runs("in vain", "quarantine", "retry", "--json")
    told.runs("an unknown key", "quarantine", "retry", "--json", "77")
    told.does("UPDATE users SET mfa_secret = %s WHERE id = %s", SENTINEL, FOREIGN)
    told.does(ACCEPTS)
    with told.scene.connect() as connection:
        set_secret(connection, DAMAGED, flipped(secret_of(connection, DAMAGED)))
    told.runs("mended", "quarantine", "retry", "--json", str(FOREIGN), str(REFUSED), str(DAMAGED))
    told.runs("after mended", "quarantine", "list", "--json")
    told.runs("nothing to do", "quarantine", "retry")
    told.runs("rolled back", "rollback", told.steps["mended"].run_id, "--json")


REASONS = {
    STRANGER: ("unrecognised", "not a secret in the field's format"),
    FOREIGN: ("foreign", "encrypted by another application (Vault Transit)"),
    REFUSED: ("refused", "refused by the database (23514)"),
    DELETED: ("unrecognised", "not a secret in the field's format"),
}
SAYS = {
    "unknown": "no row 77 of users.mfa_secret is quarantined, so nothing was changed",
    "an unknown key": "no row 77 of users.mfa_secret is quarantined, so nothing was changed",
    "nobody": "--approved-by NAME",
    "nothing": "name row keys, or a class with --class, or say --all",
    "both": "name row keys, or a class with --class, or say --all",
    "no class": "'odd' is not one of 'foreign', 'unrecognised'",
    "none of it": "no such row of users.mfa_secret is waiting to be accepted",
    "no approval": "Missing option '--approved-by'",
}


def test_before_the_first_run_the_list_is_empty(told: Told) -> None:
    assert told.steps["before"].code == 0
    assert told.steps["before"].document == {"counts": [], "rows": []}


def test_the_list_names_each_row_by_key_class_and_reason(told: Told) -> None:
    assert told.steps["first"].code == 4
    rows = told.rows("list")
    assert {key: (row["class"], row["reason"]) for key, row in rows.items()} == REASONS
    assert {row["run_id"] for row in rows.values()} == {told.steps["first"].run_id}
    assert {row["accepted"] for row in rows.values()} == {None}
    assert all(row["since"] <= row["seen"] for row in rows.values())
    assert told.steps["list"].document["counts"] == [
        {"field": FIELD, "class": "foreign", "rows": 1, "accepted": 0},
        {"field": FIELD, "class": "refused", "rows": 1, "accepted": 0},
        {"field": FIELD, "class": "unrecognised", "rows": 2, "accepted": 0},
    ]


@pytest.mark.parametrize("name", SAYS)
def test_what_cannot_be_is_told_in_one_sentence(told: Told, name: str) -> None:
    step = told.steps[name]
    assert (step.code, step.out, len(step.err.splitlines())) == (2, "", 1)
    assert SAYS[name] in step.err


def test_what_is_refused_changes_nothing(told: Told) -> None:
    assert told.rows("untouched") == told.rows("list")


def test_an_acceptance_answers_with_what_was_accepted(told: Told) -> None:
    assert told.steps["accept one"].document == {
        "field": FIELD, "accepted": 1, "classes": {"unrecognised": 1},
        "approved_by": "Grace Hopper", "note": "asked the user",
    }  # fmt: skip
    said = f"1 rows of {FIELD} are accepted as they are.\n"
    assert (told.steps["accept class"].out, told.steps["accept class"].err) == ("", said)
    assert told.steps["accept all"].document["classes"] == {"refused": 1, "unrecognised": 1}


def test_accepted_rows_stay_in_the_list_with_who_and_why(told: Told) -> None:
    rows = told.rows("accepted")
    assert set(rows) == set(REASONS)
    assert all(row["accepted"] and row["accepted_by"] == "Grace Hopper" for row in rows.values())
    notes = {STRANGER: "asked the user"} | dict.fromkeys((FOREIGN, REFUSED, DELETED))
    assert {key: row["note"] for key, row in rows.items()} == notes


def test_a_person_sees_counts_and_the_first_rows(told: Told) -> None:
    step = told.steps["to a person"]
    lines = step.err.splitlines()
    assert (step.code, step.out) == (0, "")
    assert lines[0].split() == ["field", "class", "rows", "accepted"]
    assert lines[1].split() == [FIELD, "foreign", "0", "1"]
    assert lines[-1] == "The first 2 of 4 rows; --all shows every one."
    (first,) = [line for line in lines if "asked the user" in line]
    assert first.split()[:3] == [FIELD, "1", "unrecognised"]


def test_what_nobody_accepted_still_ends_in_exit_code_4(told: Told) -> None:
    step, part = told.steps["three are left"], told.part("three are left")
    assert (step.code, part["quarantined"], part["accepted"]) == (4, 2, 2)
    assert "2 quarantined, 2 accepted as they are, 1 still plaintext" in step.document["message"]
    said = [row["accepted"] for row in part["rows_set_aside"]]
    assert said == [False, False, True, True]


def test_where_all_are_accepted_a_run_is_done(told: Told) -> None:
    step, part = told.steps["all accepted"], told.part("all accepted")
    assert (step.code, step.document["outcome"]) == (0, "done"), step.err
    assert (part["quarantined"], part["accepted"], part["failed_claims"]) == (0, 4, [])
    assert part["after"]["plain"] == 1
    assert "4 accepted as they are, 0 still plaintext" in step.document["message"]


def test_where_all_are_accepted_a_verification_is_done(told: Told) -> None:
    step = told.steps["verified"]
    assert (step.code, told.part("verified")["accepted"]) == (0, 4), step.err
    assert "0 values are not sealed, 4 rows were accepted as they are" in step.document["message"]


def test_the_guard_is_not_raised_while_accepted_values_stand(told: Told) -> None:
    run = told.steps["all accepted"].run_id
    record = told.scene.directory / "evidence" / run / f"guard-{FIELD}.json"
    assert json.loads(record.read_text()) == {
        "raised": False, "why": "4 rows hold a value that is not sealed",
    }  # fmt: skip


def test_another_trouble_voids_the_acceptance_and_a_row_that_is_not_met_goes(told: Told) -> None:
    step, part = told.steps["otherwise"], told.part("otherwise")
    assert (step.code, part["quarantined"], part["accepted"]) == (4, 2, 2)
    rows = told.rows("after otherwise")
    assert {key: (row["class"], row["accepted_by"]) for key, row in rows.items()} == {
        STRANGER: ("unrecognised", "Grace Hopper"), REFUSED: ("refused", "Grace Hopper"),
        FOREIGN: ("unrecognised", None), DAMAGED: ("will-not-open", None),
    }  # fmt: skip


def test_a_retry_in_vain_ends_in_exit_code_4_and_names_what_is_left(told: Told) -> None:
    step, part = told.steps["in vain"], told.part("in vain")
    assert (step.code, step.document["outcome"]) == (4, "partial")
    assert {word: part[word] for word in ("tried", "sealed", "resealed", "left", "gone")} == {
        "tried": 2, "sealed": 0, "resealed": 0, "left": 2, "gone": 0,
    }  # fmt: skip
    assert [row["key"] for row in part["rows_left"]] == [[str(FOREIGN)], [str(DAMAGED)]]


def test_what_was_mended_is_sealed_without_a_whole_run(told: Told) -> None:
    step, part = told.steps["mended"], told.part("mended")
    assert (step.code, step.document["outcome"], part["rows_left"]) == (0, "done", [])
    assert {word: part[word] for word in ("tried", "sealed", "left", "gone")} == {
        "tried": 3, "sealed": 2, "left": 0, "gone": 1,
    }  # fmt: skip
    assert set(told.rows("after mended")) == {STRANGER}
    record = told.scene.directory / "evidence" / step.run_id
    assert (step.document["evidence"], differences(record)) == (str(record), [])
    assert told.steps["nothing to do"].err == "no row is waiting in quarantine\n"


def test_a_retry_is_rolled_back_like_any_run(told: Told) -> None:
    part = told.part("rolled back")
    assert (told.steps["rolled back"].code, part["restored"]) == (4, 2), told.steps["rolled back"]
    stored = told.scene.stored()
    assert stored[FOREIGN] == stored[REFUSED] == SENTINEL


def test_no_output_and_no_file_holds_what_stands_in_the_rows(told: Told) -> None:
    said = {name: (step.out + step.err).encode() for name, step in told.steps.items()}
    written = {
        str(path): path.read_bytes() for path in told.scene.directory.rglob("*") if path.is_file()
    }
    assert [name for name, text in (said | written).items() if has(SENTINEL, text)] == []
    kept = told.scene.ask(KEPT)
    assert not has(SENTINEL, kept.encode())
