"""Make targets and deployments of theirs in a work pool: `python -m tests.flows.deploying JSON`.

The pool is one of the test's own, and nothing in it is scheduled, so that what its workers do is
what the test asks for.
"""

import json
import sys
from typing import Any

from prefect.client.orchestration import get_client
from pydantic import SecretStr

from deployments.register import deploy, document, make_pool
from tasks.target import Target


def main(asked: dict[str, Any]) -> int:
    """Make what is asked for: `pool`, `targets` by name, and the names of `deployments`."""
    Target.register_type_and_schema()
    for name, given in asked["targets"].items():
        url, evidence = (SecretStr(given.pop(word)) for word in ("database_url", "evidence"))
        Target(database_url=url, evidence=evidence, **given).save(name)
    with get_client(sync_client=True) as client:
        make_pool(client, asked["pool"])
    meant = document(asked["targets"], ())
    chosen = [one for one in meant["deployments"] if one["name"] in asked["deployments"]]
    for one in chosen:
        one["work_pool"] = {**one["work_pool"], "name": asked["pool"]}
        one.pop("schedules", None)
        if one["name"].startswith("rotate-keys"):
            one["parameters"]["options"]["assume_readers_ready"] = True
    return deploy({**meant, "deployments": chosen})


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
