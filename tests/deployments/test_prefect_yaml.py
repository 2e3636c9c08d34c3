"""prefect.yaml names flows that exist, with options that they take."""

from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from prefect import Flow
from prefect.utilities.callables import parameter_schema
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
    "rotate_fleet": options.FleetOptions,
    "retire_key": options.RetireOptions,
}
# What a run does if nobody says anything.
SAFE: tuple[dict[str, Any], ...] = (
    {"mode": "safe"},
    {"mode": "validate-only"},
    {"dry_run": True},
    {},
)


def flow_of(deployment: dict[str, Any]) -> Flow[..., Any]:
    module, _, name = deployment["entrypoint"].rpartition(".")
    flow: Flow[..., Any] = getattr(import_module(module), name)
    return flow


@pytest.mark.parametrize("deployment", DOCUMENT["deployments"], ids=lambda d: d["name"])
def test_a_deployment_runs_a_flow_with_options_it_takes(deployment: dict[str, Any]):
    flow = flow_of(deployment)

    assert deployment["entrypoint"].endswith(f".{flow.name}")
    given = deployment.get("parameters", {}).get("options")
    assert given is None or OPTIONS[flow.name].model_validate(given) is not None


@pytest.mark.parametrize("deployment", DOCUMENT["deployments"], ids=lambda d: d["name"])
def test_a_deployment_says_what_it_is_and_is_never_begun_twice(deployment: dict[str, Any]):
    assert deployment["version"] == version("reseal")
    assert deployment["tags"][0] == "reseal"
    assert "**" in deployment["description"]
    assert deployment.get("parameters", {}).get("options", {}) in SAFE
    assert deployment["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}


@pytest.mark.parametrize("kind", OPTIONS.values(), ids=lambda kind: kind.__name__)
def test_the_form_describes_every_parameter_and_knows_no_other(kind: type[BaseModel]):
    schema = kind.model_json_schema()

    assert schema["additionalProperties"] is False
    assert [name for name, one in schema["properties"].items() if "description" not in one] == []


@pytest.mark.parametrize("deployment", DOCUMENT["deployments"], ids=lambda d: d["name"])
def test_the_form_has_the_options_themselves_and_their_defaults(deployment: dict[str, Any]):
    schema = parameter_schema(flow_of(deployment))
    kind = OPTIONS[flow_of(deployment).name]
    needed = [name for name, one in kind.model_fields.items() if one.is_required()]

    # Where they were a choice between options and nothing, the form would have a button for that.
    assert schema.properties["options"]["$ref"] == f"#/definitions/{kind.__name__}"
    if needed:
        assert schema.required == ["options"]
    else:
        assert schema.properties["options"]["default"] == kind().model_dump(mode="json")


@pytest.mark.parametrize("deployment", DOCUMENT["deployments"], ids=lambda d: d["name"])
def test_a_run_tells_nobody_that_it_is_one(deployment: dict[str, Any]):
    environment = deployment["work_pool"]["job_variables"]["env"]

    assert environment == {"DO_NOT_TRACK": "1", "GX_ANALYTICS_ENABLED": "false"}


def test_no_deployment_names_a_key_or_a_database():
    text = str(DOCUMENT["deployments"]).lower()

    assert "kek" not in text
    assert "postgresql" not in text
