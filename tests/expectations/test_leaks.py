"""A planted secret, an envelope and its parts: none of them in what a check writes."""

import socket
from base64 import b64encode
from dataclasses import replace

import pytest

from expectations.check import check
from expectations.suites import Counted, after_seal
from reseal import measure
from reseal.envelope import PREFIX, Envelope
from reseal.imprints import gathering
from reseal.probes import probe
from reseal.verify import verify
from tasks.frame import facts_frame
from tests.conftest import SENTINEL
from tests.expectations.census import GOOD, frame, sealed_suite
from tests.reseal.scene import Scene

pytestmark = pytest.mark.slow


@pytest.fixture
def scene(access, store, admin):
    """Rows that hold the sentinel in every way: sealed, moved, damaged, plain and strange."""
    made = Scene(access, store, admin)
    made.enrol(SENTINEL, SENTINEL, SENTINEL)
    made.back_up()
    made.sweep()
    one, other, _ = (text or "" for text in made.stored().values())
    made.put(1, other)
    made.put(2, str(replace(Envelope.parse(one), tag=bytes(16))))
    made.enrol(SENTINEL, f"{SENTINEL}!", f"gAAAAA{SENTINEL}", f"{PREFIX}{SENTINEL}")
    return made


def test_a_check_of_a_table_full_of_secrets_shows_none_of_them(scene, tmp_path, capfd):
    original = scene.original()
    with gathering() as imprints:
        place = imprints.directory
        seen = verify(
            scene.store, scene.target, scene.keyring, original, scene.whole, imprints=place
        )
        measures = measure.of_ivs(imprints.ivs())
    measures += measure.of_probes(probe(scene.store, scene.target, scene.keyring, original, 59.0))
    measures += measure.of_originals(scene.store, scene.target, scene.run_id, seen.facts)
    facts = facts_frame(scene.name, seen.facts, measures)

    result = check(facts, after_seal(Counted(7), [1], 3), tmp_path, "leak")

    assert len(result.failed) >= 5
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    shown = [*written, *(text.encode() for text in (*capfd.readouterr(), repr(facts.to_dict())))]
    envelope = Envelope.parse(scene.stored()[3] or "")
    hidden = [SENTINEL.encode(), b64encode(SENTINEL.encode())[:-4], PREFIX.encode()]
    for part in (envelope.iv, envelope.tag, envelope.ciphertext):
        hidden += [part, part.hex().encode(), b64encode(part).rstrip(b"=")]
    assert len(written) >= 4
    assert [text for text in hidden if any(text in one for one in shown)] == []


def test_a_check_asks_nobody_for_anything(tmp_path, monkeypatch):
    asked: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: asked.append(address))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *words, **_: asked.append(words))
    monkeypatch.setenv("GX_ANALYTICS_ENABLED", "true")

    assert check(frame(*GOOD), sealed_suite(), tmp_path, "alone").success
    assert asked == []
