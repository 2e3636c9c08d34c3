"""What Prefect's server remembers of a run."""

import json
import urllib.request
from typing import Any

_PAGE = 200


def remembered(api_url: str, run_id: str) -> dict[str, int]:
    """Return how many task runs, log lines and artifacts it has of a run."""
    by_run = {"flow_run_id": {"any_": [run_id]}}
    return {
        "task_runs": int(
            _post(api_url, "task_runs/count", {"flow_runs": {"id": {"any_": [run_id]}}})
        ),
        "artifacts": int(_post(api_url, "artifacts/count", {"artifacts": by_run})),
        "log_lines": _counted(api_url, "logs/filter", {"logs": by_run}),
    }


def _counted(api_url: str, path: str, asked: dict[str, Any]) -> int:
    found = 0
    while page := _post(api_url, path, {**asked, "limit": _PAGE, "offset": found}):
        found += len(page)
    return found


def _post(api_url: str, path: str, asked: dict[str, Any]) -> Any:
    request = urllib.request.Request(
        f"{api_url}/{path}",
        data=json.dumps(asked).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)
