"""prefect.yaml names flows that exist, with options that they take."""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from pydantic import BaseModel

import deployments
from flows import options

DOCUMENT = yaml.safe_load((Path(deployments.__file__).parent / "prefect.yaml").read_text())
OPTIONS: dict[str, type[BaseModel]] = {
    "encrypt_secrets": options.EncryptOptions,
    "rotate_keys": options.RotateOptions,
    "verify_secrets": options.VerifyOptions,
    "optimise_schema": options.OptimiseOptions,
    "rollback_run": options.RollbackOptions,
    "clean_residue": options.CleanOptions,
    "watch_health": options.WatchOptions,
}


@pytest.mark.parametrize("deployment", DOCUMENT["deployments"], ids=lambda d: d["name"])
def test_a_deployment_runs_a_flow_with_options_it_takes(deployment: dict[str, Any]):
    path, name = deployment["entrypoint"].split(":")
    flow = getattr(import_module(path.removesuffix(".py").replace("/", ".")), name)

    assert flow.name == name
    given = deployment.get("parameters", {}).get("options")
    assert given is None or OPTIONS[name].model_validate(given) is not None


@pytest.mark.parametrize("name", ["encrypt", "rotate-keys", "residue", "rollback", "optimise"])
def test_what_writes_rows_is_never_begun_twice(name: str):
    (deployment,) = (d for d in DOCUMENT["deployments"] if d["name"] == name)

    limit = {"limit": 1, "collision_strategy": "CANCEL_NEW"}
    assert deployment["concurrency_limit"] == limit


@pytest.mark.parametrize("deployment", DOCUMENT["deployments"], ids=lambda d: d["name"])
def test_a_run_tells_nobody_that_it_is_one(deployment: dict[str, Any]):
    environment = deployment["work_pool"]["job_variables"]["env"]

    assert environment == {"DO_NOT_TRACK": "1", "GX_ANALYTICS_ENABLED": "false"}


def test_no_deployment_names_a_key_or_a_database():
    text = str(DOCUMENT["deployments"]).lower()

    assert "kek" not in text
    assert "postgresql" not in text
