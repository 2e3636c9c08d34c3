"""What the bundles of a campaign come to: one a run, all closed, in one chain, as they were."""

from reseal.evidence.check import check
from reseal.evidence.shelf import LocalShelf
from tests.flows.scene import Scene

RUNS = "SELECT run_id::text, outcome FROM reseal.run"


def odd_evidence(scene: Scene) -> list[str]:
    """Say what is wrong with the evidence, now that no run is under way."""
    checked = check(LocalShelf(scene.directory / "evidence"))
    odd = [f"{where} {what}" for where, what in checked.findings]
    odd += [f"the evidence of {name} is not closed" for name in checked.open]
    told = {seen.name: seen.facts["run"]["outcome"] for seen in checked.bundles if seen.facts}
    with scene.connect() as connection:
        runs: dict[str, str | None] = dict(connection.execute(RUNS.encode()).fetchall())
    odd += [f"run {name} has no evidence" for name in sorted(runs.keys() - told.keys())]
    # A later rollback is told of the run that it undoes, whose own evidence stays as it is.
    odd += [
        f"run {name} ended as {outcome}, and its evidence says {told[name]}"
        for name, outcome in runs.items()
        if name in told and outcome not in (told[name], "rolled_back", None)
    ]
    return odd
