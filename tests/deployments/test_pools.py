"""The templates of work pools are what Prefect takes, and the image is one that may be run."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from prefect.server.schemas.actions import DeploymentUpdate, WorkPoolCreate

import deployments
from deployments.register import document

ROOM = Path(deployments.__file__).parent
TEMPLATES = {path.stem: json.loads(path.read_text()) for path in (ROOM / "pools").glob("*.json")}
CONTAINERFILE = (ROOM / "Containerfile").read_text()
# A continued line is one instruction.
INSTRUCTIONS = [
    line.split(maxsplit=1)
    for line in CONTAINERFILE.replace("\\\n", " ").splitlines()
    if line and not line.startswith("#")
]


def said(instruction: str) -> list[str]:
    return [rest for word, rest in INSTRUCTIONS if word == instruction]


@pytest.fixture(params=sorted(TEMPLATES))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_there_is_one_for_containers_and_one_for_kubernetes():
    assert TEMPLATES.keys() == {"docker", "kubernetes"}


def test_prefect_takes_the_template_and_what_each_deployment_asks_of_it(kind: str):
    template = TEMPLATES[kind]
    WorkPoolCreate(name="reseal", type=kind, base_job_template=template)

    for deployment in document([], [])["deployments"]:
        asked = deployment["work_pool"]["job_variables"]
        DeploymentUpdate(job_variables=asked).check_valid_configuration(template)


def test_every_variable_is_used_and_has_a_word_about_it(kind: str):
    template = TEMPLATES[kind]
    used = set(re.findall(r"\{\{ (\w+) \}\}", json.dumps(template["job_configuration"])))

    assert used == template["variables"]["properties"].keys()
    assert all(one["description"] for one in template["variables"]["properties"].values())


def test_no_key_and_no_url_is_in_it(kind: str):
    environment: dict[str, Any] = TEMPLATES[kind]["variables"]["properties"]["env"]["default"]

    assert environment.keys() == {"DO_NOT_TRACK", "GX_ANALYTICS_ENABLED", "RESEAL_HOME"}


def test_a_job_is_nobody_of_rank():
    manifest = TEMPLATES["kubernetes"]["job_configuration"]["job_manifest"]
    pod = manifest["spec"]["template"]["spec"]
    (container,) = pod["containers"]

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert TEMPLATES["docker"]["job_configuration"]["privileged"] is False


def test_the_image_runs_as_somebody_without_rank_and_says_whether_it_is_well():
    last = INSTRUCTIONS[[word for word, _ in INSTRUCTIONS].index("USER") :]

    assert said("USER") == ["10001:10001"]
    assert len(said("HEALTHCHECK")) == 1
    assert {word for word, _ in last} <= {"USER", "STOPSIGNAL", "HEALTHCHECK", "CMD"}


def test_what_is_installed_is_pinned():
    (base,) = said("ARG")
    installs = [rest for rest in said("RUN") if "pip install" in rest]

    assert re.fullmatch(r"BASE=\S+:3\.11-slim-bookworm|BASE=\S+@sha256:[0-9a-f]{64}", base)
    assert all(
        "--require-hashes" in rest or "--no-build-isolation -e ." in rest for rest in installs
    )
    assert not said("ADD")


def test_what_is_copied_is_there_and_gets_past_the_ignore_file():
    root = ROOM.parent
    past = (root / ".containerignore").read_text().split()
    copied = [word for rest in said("COPY") if "--from" not in rest for word in rest.split()[:-1]]

    assert [name for name in copied if not (root / name).exists()] == []
    assert [name for name in copied if f"!{name}" not in past] == []
