"""Register the deployments of prefect.yaml on a Prefect server, and once more for each target.

    python -m deployments.register

The work pool `reseal` and the block type of targets are made where they are missing. Schedules of
what is registered already stay as people have set them.
"""

import json
import subprocess
import sys
from collections.abc import Collection, Iterator
from copy import deepcopy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml  # type: ignore[import-untyped]
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.exceptions import ObjectAlreadyExists
from prefect.workers.process import ProcessWorker

from tasks.target import Target, target_names

FILE = Path(__file__).with_name("prefect.yaml")
TAG = "reseal"
# What is about several targets, of which none has it for itself.
FLEET = "fleet"

# What Prefect's server gives at most at a time.
_PAGE = 200


def document(targets: Collection[str], known: Collection[str]) -> dict[str, Any]:
    """Return prefect.yaml with a deployment more for each target, and no schedule for the known."""
    read: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    shipped = read["deployments"]
    own = [each for each in shipped if FLEET not in each["tags"]]
    meant = [*shipped, *(_of_target(each, name) for name in targets for each in own)]
    for deployment in meant:
        if deployment["name"] in known:
            deployment.pop("schedules", None)
    return read | {"deployments": meant}


def _of_target(deployment: dict[str, Any], target: str) -> dict[str, Any]:
    """Return a deployment as it is for one target, with a limit of its own."""
    own = deepcopy(deployment)
    own["name"] = f"{deployment['name']}-{target}"
    own.setdefault("parameters", {}).setdefault("options", {})["target"] = target
    own["tags"] = [*deployment.get("tags", ()), f"target:{target}"]
    return own


def main() -> int:
    """Register everything, and print what the server has then as JSON."""
    with get_client(sync_client=True) as client:
        Target.register_type_and_schema()
        make_pool(client, "reseal")
        meant = document(target_names(client), {one["name"] for one in _registered(client)})
        code = deploy(meant)
        if not code:
            print(json.dumps(list(_registered(client))))  # noqa: T201
    return code


def make_pool(client: SyncPrefectClient, name: str) -> None:
    """Make a work pool for processes, where there is none of this name."""
    template = ProcessWorker.get_default_base_job_template()
    pool = WorkPoolCreate(
        name=name,
        type=ProcessWorker.type,
        base_job_template=template,
        description="Runs of Reseal as processes beside the worker.",
    )
    try:
        client.create_work_pool(pool)
    except ObjectAlreadyExists:
        # One for containers, or one that somebody has changed, stays.
        return


def _registered(client: SyncPrefectClient) -> Iterator[dict[str, Any]]:
    chosen = DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))
    offset = 0
    while page := client.read_deployments(deployment_filter=chosen, limit=_PAGE, offset=offset):
        for one in page:
            flow = (one.entrypoint or "").rpartition(".")[2]
            yield {"name": one.name, "flow": flow, "id": str(one.id), "tags": one.tags}
        offset += len(page)


def deploy(meant: dict[str, Any]) -> int:
    """Let Prefect's own command register it, and return its exit code; it speaks on stderr."""
    with TemporaryDirectory() as directory:
        file = Path(directory) / "prefect.yaml"
        file.write_text(yaml.safe_dump(meant, sort_keys=False), encoding="utf-8")
        ended = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all",
             "--prefect-file", str(file)],
            stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False,
        )  # fmt: skip
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
