"""[run] of reseal.toml says where spans are worked off, and is refused before anything begins."""

import pytest

from reseal import runner_policy
from reseal.config import parse_config
from reseal.errors import ConfigurationError
from reseal.modes import Mode, effort
from reseal.runner_policy import Runner, RunnerPolicy, read_runner

ONE = {"name": "users.mfa_secret", "table": "public.users", "column": "mfa_secret"}
ADDRESS = "tls://scheduler.example.com:8786"


@pytest.mark.parametrize(
    ("said", "policy"),
    [
        ({}, RunnerPolicy()),
        ({"runner": "processes"}, RunnerPolicy(Runner.PROCESSES)),
        ({"runner": "dask", "workers": 8}, RunnerPolicy(Runner.DASK, 8)),
        ({"runner": "dask", "scheduler": ADDRESS}, RunnerPolicy(Runner.DASK, None, ADDRESS)),
    ],
)
def test_what_is_said_holds(said: dict, policy: RunnerPolicy):
    assert parse_config({"run": said, "field": [ONE]}).run == policy


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"runners": "dask"}, "unknown word 'runners' in [run]; known: runner, workers, scheduler"),
        ({"runner": "ray"}, "runner in [run] must be one of threads, processes, dask"),
        ({"runner": 1}, "runner in [run] must be a string"),
        ({"workers": "2"}, "workers in [run] must be a whole number"),
        ({"workers": True}, "workers in [run] must be a whole number"),
        ({"workers": 0}, "workers in [run] must be a whole number from 1 to 256"),
        ({"scheduler": ADDRESS}, 'scheduler in [run] goes with runner = "dask" only'),
        (
            {"runner": "dask", "scheduler": "scheduler:8786"},
            "scheduler in [run] must be an address such as tls://",
        ),
    ],
)
def test_a_fault_is_named(said: dict, says: str):
    with pytest.raises(ConfigurationError) as caught:
        read_runner(said)

    assert says in str(caught.value)


def test_a_missing_package_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner_policy, "find_spec", lambda _name: None)
    RunnerPolicy(Runner.PROCESSES).need(is_embedded=True)

    with pytest.raises(ConfigurationError, match=r"needs the package prefect-dask.*reseal\[dask\]"):
        RunnerPolicy(Runner.DASK).need(is_embedded=True)


def test_workers_elsewhere_need_a_database_that_they_reach():
    policy = RunnerPolicy(Runner.DASK, None, ADDRESS)
    policy.need(is_embedded=False)

    with pytest.raises(ConfigurationError, match="set RESEAL_DATABASE_URL"):
        policy.need(is_embedded=True)


@pytest.mark.parametrize("mode", Mode)
def test_a_careful_mode_keeps_its_one_worker(mode: Mode):
    careful = mode in (Mode.SAFE, Mode.VALIDATE_ONLY)

    workers = RunnerPolicy(workers=16).effort(mode).workers
    assert workers == (effort(mode).workers if careful else 16)
