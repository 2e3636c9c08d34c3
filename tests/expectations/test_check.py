import json
import logging
import subprocess
import sys

import pandas as pd
import pytest

from expectations.check import check
from expectations.suites import Suite
from expectations.warm import warm_up
from tests.conftest import SENTINEL
from tests.expectations.census import GOOD, failed, frame, sealed_suite

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def raising():
    """A claim whose exception quotes a value, in every way an exception can."""
    from expectations.claim import Claim

    class ExpectNoTrouble(Claim):
        sentence = "Nothing goes wrong."

        def holds(self, facts):
            raise ValueError(f"could not read {SENTINEL}\n{SENTINEL}\n{SENTINEL}: {SENTINEL}")

    return ExpectNoTrouble()


def assert_nowhere(directory, *shown):
    """No file below the directory, and nothing that was shown, holds the planted value."""
    files = [path for path in directory.rglob("*") if path.is_file()]
    assert len(files) >= 4
    assert [path for path in files if SENTINEL in path.read_text()] == []
    assert [text for text in shown if SENTINEL in text] == []


def test_a_claim_that_raises_has_failed_and_shows_no_value(tmp_path, raising, capfd, caplog):
    caplog.set_level(logging.DEBUG, "great_expectations")
    facts = frame(*GOOD)
    facts["mfa_secret"] = SENTINEL
    good = sealed_suite()
    suite = Suite(good.name, (*good.claims, raising))

    result = check(facts, suite, tmp_path, "leak")

    assert failed(suite, result) == {"ExpectNoTrouble"}
    assert not result.success
    assert_nowhere(tmp_path, *capfd.readouterr(), caplog.text, repr(result))
    [page] = tmp_path.rglob("*-facts.html")
    assert "ValueError (its text is left out)" in page.read_text()
    assert "ValueError (its text is left out)" in (tmp_path / "expectations.json").read_text()


def test_a_metric_that_raises_has_failed_and_shows_no_value(tmp_path, capfd, caplog):
    from great_expectations.expectations.core.expect_column_stdev_to_be_between import (
        ExpectColumnStdevToBeBetween,
    )

    facts = frame(*GOOD)
    # Only as an object does pandas quote the text that it cannot make a number of.
    facts["field"] = pd.Series([SENTINEL] * len(facts), dtype=object)
    claim = ExpectColumnStdevToBeBetween(column="field", min_value=0, description="It varies.")

    result = check(facts, Suite("metric", (claim,)), tmp_path, "leak")

    assert [statement.success for statement in result.statements] == [False]
    assert_nowhere(tmp_path, *capfd.readouterr(), caplog.text)


def test_what_cannot_be_counted_fails(tmp_path):
    facts = frame(*GOOD)
    facts["count"] = SENTINEL
    suite = sealed_suite()

    result = check(facts, suite, tmp_path, "text")

    assert {"ExpectCompleteFacts", "ExpectFactsToAddUp"} <= failed(suite, result)
    assert_nowhere(tmp_path)


def test_a_missing_column_fails(tmp_path):
    suite = sealed_suite()
    result = check(frame(*GOOD).drop(columns="verdict"), suite, tmp_path, "narrow")

    assert failed(suite, result) >= {"ExpectCompleteFacts", "ExpectWellFormedEnvelopes"}


def test_a_suite_without_a_claim_states_nothing(tmp_path):
    assert not check(frame(*GOOD), Suite("nothing", ()), tmp_path, "nothing").success


def test_the_result_is_booleans_and_sentences(tmp_path):
    result = check(frame(*GOOD), sealed_suite(), tmp_path, "a run / of today")
    written = json.loads((tmp_path / "expectations.json").read_text())

    assert written["success"] is True
    assert written["meta"]["run_id"]["run_name"] == "a-run-of-today"
    assert [each["result"] for each in written["results"]] == [{}] * 19
    sentences = [each["expectation_config"]["description"] for each in written["results"]]
    assert sentences == [statement.sentence for statement in result.statements]


def test_a_second_check_replaces_the_first(tmp_path):
    suite = sealed_suite()
    check(frame(), suite, tmp_path, "first")
    result = check(frame(*GOOD), suite, tmp_path, "second")

    assert result.success
    assert [path.parts[-3] for path in result.docs.parent.rglob("*-facts.html")] == ["second"]


def test_great_expectations_waits_until_it_is_needed():
    heavy = "{'great_expectations', 'pandas'} & set(sys.modules)"
    code = f"import sys, expectations.check, expectations.suites, expectations.warm; print({heavy})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert ran.stdout.strip() == "set()"


def test_warming_up_imports_it():
    warm_up().join(60)

    assert "great_expectations" in sys.modules
