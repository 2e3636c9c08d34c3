"""The plan that a person is shown: counts, time, bytes and risks."""

from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from reseal.approval.estimate import estimate
from reseal.approval.plan import AT_FULL_SPEED, NO_READERS, Asking, FieldPlan, Intent, draw_up
from reseal.approval.words import in_words
from reseal.census import Census
from reseal.envelope import Envelope
from reseal.modes import Mode
from reseal.preflight import Check, PreflightPlan, Verdict, run_preflight
from tests.conftest import SENTINEL
from tests.flows.scene import FIELD

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ASKING = Asking(uuid4(), "Ada", "ada", "desk", NOW, NOW.replace(day=29))
SEAL = Intent("encrypt_secrets", Mode.STANDARD, "key 1 seals")
RESEAL = Intent("rotate_keys", Mode.AGGRESSIVE, "a new key takes over", frozenset())
RUN = """
WITH run AS (
    INSERT INTO reseal.run (run_id, flow, mode, fields, actor, library, outcome, started, finished)
    VALUES (gen_random_uuid(), 'encrypt_secrets', %s, '{}', 'ada', '1', %s,
            '2026-11-01', timestamptz '2026-11-01' + interval '10 s') RETURNING run_id)
INSERT INTO reseal.batch (run_id, field, epoch, turn, pass, first_page, after_page, rows_read,
    changed, moved, locked, settled, empty, quarantined, left_alone)
SELECT run_id, 'f', 1, %s, 1, 0, 1, %s, %s, 0, 0, 0, 0, 0, 0 FROM run
"""


@pytest.fixture
def users(admin):
    """Ten in the clear, one sealed, one foreign, one without a secret."""
    sealed = str(Envelope(1, bytes(12), bytes(32), bytes(16)))
    foreign = "gAAAAABh" + "x" * 92
    rows = [("JBSWY3DPEHPK3PXP",)] * 10 + [(sealed,), (foreign,), (None,)]
    with admin.cursor() as cursor:
        statement = "INSERT INTO users (email, mfa_secret) VALUES (gen_random_uuid(), %s)"
        cursor.executemany(statement, rows)
    return admin


def planned(access, intent, *, rotates=False):
    looking = PreflightPlan(intent.mode, is_development=True, embedded=True, rotates=rotates)
    report = run_preflight(access, access.config.fields, looking)
    with closing(access.store("test", read_only=True)) as store:
        return draw_up(store, report, [FIELD], intent, ASKING), report


def test_a_plan_says_how_many_rows_are_sealed_and_how_many_set_aside(access, store, users):
    plan, report = planned(access, SEAL)
    document = plan.as_dict()

    assert document["fields"][FIELD] == {
        "rows": 13, "to_write": 10, "set_aside": 1, "settled": 1, "empty": 1,
    }  # fmt: skip
    assert document["keys"] == [{"version": 1, "state": "active"}]
    grows = report.growth[FIELD]
    assert document["bytes"] == {"table": grows.table, "wal": grows.log, "backup": grows.backup}
    assert min(document["bytes"].values()) > 0
    assert "free, about" in document["disk"]
    assert NO_READERS in document["risks"]


def test_a_new_key_is_a_plan_for_all_that_is_sealed(access, store, users):
    plan, report = planned(access, RESEAL, rotates=True)
    _, other = planned(access, replace(RESEAL, flow="encrypt_secrets"))

    assert (plan.fields[FIELD].to_write, plan.fields[FIELD].settled) == (11, 0)
    assert report.growth[FIELD].log > other.growth[FIELD].log
    assert report.growth[FIELD].backup == other.growth[FIELD].backup
    assert AT_FULL_SPEED in plan.risks


@pytest.mark.parametrize(
    ("under", "to_write", "settled"), [(None, 5, 7), (frozenset({2}), 8, 4), (frozenset(), 12, 0)]
)
def test_what_is_sealed_is_written_again_but_for_the_key_that_stays(under, to_write, settled):
    part = FieldPlan.of(Census(plain=5, foreign=1, sealed={1: 3, 2: 4}), under)

    assert (part.to_write, part.settled, part.set_aside, part.rows) == (to_write, settled, 1, 13)


def test_what_preflight_warns_of_and_cannot_see_is_a_risk(access, store, users):
    _, report = planned(access, SEAL)
    odd = [
        Check("a", "dim", "light", verdict, "open the blinds", FIELD)
        for verdict in (Verdict.WARN, Verdict.UNKNOWN, Verdict.OK)
    ]
    with closing(access.store("test", read_only=True)) as reading:
        plan = draw_up(reading, replace(report, checks=tuple(odd)), [FIELD], SEAL, ASKING)
    assert plan.risks.count(f"a of {FIELD}: dim; open the blinds") == 2


def test_before_the_first_run_the_time_is_told_from_the_benchmark(access, users):
    plan, _ = planned(access, replace(SEAL, choices=("no way back",), left_out=("other",)))

    assert "benchmark's order of magnitude" in plan.estimate.source
    assert (plan.estimate.rows_a_second, plan.keys) == (20_000, ())
    assert plan.risks[:2] == ("other is left out: preflight refused it", "no way back")


def test_the_time_is_told_from_an_earlier_run_of_the_same_mode(store, admin):
    for mode, outcome, turn, rows in (
        ("safe", "done", "seal", 5000),
        ("standard", "done", "seal", 20_000),
        ("standard", "failed", "seal", 90_000),
        ("standard", "done", "unseal", 90_000),
        ("standard", "done", "seal", 10),
    ):
        admin.execute(RUN, [mode, outcome, turn, rows, rows])

    told = estimate(store, "encrypt_secrets", Mode.STANDARD, 40_000)
    assert (told.rows_a_second, told.seconds) == (2000, 25)
    assert "of 2026-11-01 on this database, standard" in told.source
    assert "benchmark" in estimate(store, "rotate_keys", Mode.STANDARD, 40_000).source
    assert "safe" in estimate(store, "encrypt_secrets", Mode.SAFE, 1).source


def test_the_words_hold_what_is_decided_on_and_no_secret(access, users):
    users.execute("UPDATE users SET mfa_secret = %s WHERE id < 4", [SENTINEL])
    plan, _ = planned(access, SEAL)
    words = in_words(plan)

    for text in (
        f"Seal 10 secrets, in {plan.database}", "10 to write of 13 rows", "1 to set aside",
        "key 1 seals", "Time: about 5 seconds", "Write-ahead log: about", "Asked by Ada on desk",
        "Answer until 2026-11-29 12:00 UTC", "Risks:", f"- {NO_READERS}",
    ):  # fmt: skip
        assert text in words
    assert SENTINEL not in words + str(plan.as_dict())
