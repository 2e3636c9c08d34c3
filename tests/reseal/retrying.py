"""The verbs that the tests of retries are written in."""

from dataclasses import replace

from reseal.quarantine.judgement import Fate
from reseal.quarantine.retry import Retried, Retry
from tests.reseal.scene import Scene


def retry(scene: Scene, *keys: tuple[str, ...]) -> Retried:
    """Try these rows again, or all that are set aside."""
    chosen = frozenset(keys or (row.key for row in scene.records()))
    return Retry(scene.access, scene.store, "test").carry_out({scene.name: chosen})


def fates(retried: Retried) -> dict[str, Fate]:
    (judgement,) = retried.fields.values()
    return {"/".join(key): fate for key, fate in judgement.fates.items()}


def of_run(scene: Scene, retried: Retried) -> Scene:
    """The scene as the retry's run sees it."""
    assert retried.run_id
    return replace(scene, run_id=retried.run_id)
