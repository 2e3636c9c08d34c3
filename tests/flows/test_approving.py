"""Where `reseal approve` finds a run whose database has no place for answers yet."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from flows.approving import answer_run
from flows.waiting import address, reachable
from reseal.approval.answer import Answer, Decision, Way
from reseal.approval.plan import Asking
from reseal.errors import ConfigurationError, Refused
from reseal.settings import Settings
from reseal.store import approval, event
from reseal.store.approval import Question
from reseal.store.store import Store
from tests.flows.conftest import CONFIG
from tests.flows.sentences import NOBODY

RUN = uuid4()


NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
YES = Answer(Decision.APPROVED, NOW, "Grace Hopper", "seen", Way.PREFECT)
NO = replace(YES, decision=Decision.REJECTED, name="Ada Lovelace")
LATE = Answer(Decision.TIMED_OUT, NOW)
ASKED = Question(RUN, NOW, "Ada", "ada", "desk", NOW, {})


@pytest.fixture
def settings(tmp_path: Path, prefect_home: Path) -> Settings:
    return Settings.of({}, tmp_path)


@pytest.fixture
def shell(
    database: str, settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Settings:
    """Another shell in the directory where the run was started."""
    (tmp_path / "reseal.toml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RESEAL_DATABASE_URL", database)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    return settings


def answer() -> None:
    answer_run(str(RUN), "Ada Lovelace", "", is_yes=True, config=None)


def test_the_address_of_a_local_server_is_known_while_its_run_waits(settings: Settings) -> None:
    from prefect.settings import PREFECT_API_URL, temporary_settings

    local = temporary_settings({PREFECT_API_URL: NOBODY})
    with local, reachable(settings, RUN) as page:
        assert page == f"{NOBODY.removesuffix('/api')}/runs/flow-run/{RUN}"
        assert address(settings, RUN) == NOBODY
        kept = settings.state / "waiting" / str(RUN)
        assert kept.stat().st_mode & 0o777 == 0o600
    assert address(settings, RUN) is None
    assert not (settings.state / "waiting").exists()


def test_the_address_of_the_operators_own_server_is_not_kept(tmp_path: Path) -> None:
    settings = Settings.of({"PREFECT_API_URL": "http://user:hunter2@host/api"}, tmp_path)
    with reachable(settings, RUN) as page:
        assert (page, address(settings, RUN)) == (None, None)


def test_a_run_that_nobody_knows_of_gets_one_sentence(shell: Settings) -> None:
    with pytest.raises(ConfigurationError, match=f"no run {RUN} waits for an answer"):
        answer()


def test_a_run_that_was_killed_gets_one_sentence(shell: Settings) -> None:
    (shell.state / "waiting").mkdir(parents=True)
    (shell.state / "waiting" / str(RUN)).write_text(NOBODY)
    with pytest.raises(ConfigurationError, match="its process has ended"):
        answer()


def test_what_is_no_run_id_gets_one_sentence(shell: Settings) -> None:
    with pytest.raises(ConfigurationError, match="'7' is not a run id"):
        answer_run("7", "Ada Lovelace", "", is_yes=True, config=None)


@pytest.mark.parametrize(
    ("stands", "found", "in_prefect", "counts"),
    [
        (None, YES, YES, YES),
        (None, NO, NO, NO),
        (YES, NO, NO, NO),
        (NO, YES, YES, NO),
        (YES, YES, NO, NO),
        (YES, LATE, YES, YES),
        (None, LATE, None, LATE),
    ],
)
def test_of_two_answers_at_the_same_moment_a_no_counts(
    store: Store,
    prefect_home: Path,
    stands: Answer | None,
    found: Answer,
    in_prefect: Answer | None,
    counts: Answer,
) -> None:
    from flows.approval import _agreed

    approval.ask(store, ASKED)
    if stands:
        approval.decide(store, RUN, stands, "Ada")
    form: Any = SimpleNamespace(fill_in=lambda _: in_prefect)
    run: Any = SimpleNamespace(store=store, run_id=RUN, actor="Ada")
    assert _agreed(run, form, found) == counts
    told = event.latest(store, counts.decision.event, RUN)
    assert told is not None
    assert told["name"] == counts.name


@pytest.mark.parametrize("by_another", [True, False])
def test_her_own_approval_is_worth_nothing_where_another_person_is_asked_for(
    prefect_home: Path, by_another: bool
) -> None:
    from flows.approval import _need_yes

    plan: Any = SimpleNamespace(asking=Asking(RUN, "Ada", "ada", "desk", NOW, NOW), as_dict=dict)
    config = SimpleNamespace(approval_by_another=by_another)
    run: Any = SimpleNamespace(access=SimpleNamespace(config=config))
    expected = (
        pytest.raises(Refused, match="approved by ADA, who started it, and by_another")
        if by_another
        else nullcontext()
    )
    with expected:
        _need_yes(run, plan, replace(YES, name="ADA"))
    _need_yes(run, plan, YES)
