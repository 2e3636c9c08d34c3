"""What is left in view of a table once it is sealed."""

from base64 import b32encode
from hashlib import sha256

from reseal.clean import clean
from reseal.prepare import prepare
from tests.reseal.scene import Scene

SECRETS = [b32encode(sha256(b"%d" % number).digest())[:32].decode() for number in range(50)]
SAMPLE = """
SELECT concat(most_common_vals::text, histogram_bounds::text) FROM pg_stats
WHERE tablename = 'users' AND attname = 'mfa_secret'
"""


def test_the_planners_sample_of_a_sealed_column_shows_no_secret(scene: Scene) -> None:
    scene.enrol(*SECRETS)
    scene.admin.execute("ANALYZE users")
    assert any(secret in _sample(scene) for secret in SECRETS)
    prepare(scene.store, scene.target)
    scene.sweep()
    clean(scene.store, scene.target)
    assert not any(secret in _sample(scene) for secret in SECRETS)


def _sample(scene: Scene) -> str:
    row = scene.admin.execute(SAMPLE).fetchone()
    return str(row and row[0])
