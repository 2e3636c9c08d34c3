"""Every envelope is opened and compared; what comes out are facts without values."""

from dataclasses import replace

import pytest

from reseal import probes
from reseal.envelope import PREFIX, Envelope
from reseal.imprints import Ivs, gathering
from reseal.judge import GOOD, Fact, Verdict
from reseal.probes import Codes
from reseal.secret import Secret
from reseal.shape import Shape
from reseal.sweep.turn import Turn
from reseal.verify import verify
from tests.conftest import SENTINEL
from tests.reseal.scene import SEED, Scene

NEW = "GEZDGNBVGY3TQOJQ"


def fact(verdict: Verdict, version: int = 1, **words: bool) -> Fact:
    compared = {"backed_up": verdict in (Verdict.EQUAL, Verdict.DIFFERS)}
    return Fact(Shape.SEALED, verdict, version, 12, 16, **(compared | words))


def written_by_the_run(scene: Scene, row: int, text: str) -> None:
    """Write a value in a transaction that the ledger takes for the run's own."""
    with scene.admin.transaction():
        scene.put(row, text)
        scene.admin.execute(
            "INSERT INTO reseal.batch (run_id, field, epoch, turn, pass, first_page, after_page,"
            " rows_read, changed, moved, locked, settled, empty, quarantined, left_alone)"
            " VALUES (%s, %s, 1, 'seal', 1, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0)",
            [scene.run_id, scene.name],
        )


def sealed_as(scene: Scene, row: int, text: str) -> str:
    return str(scene.keyring.seal(scene.target.field.place((row,)), Secret(text)))


@pytest.fixture
def sealed(scene: Scene) -> Scene:
    """Two rows, backed up and sealed."""
    scene.enrol(SEED, SENTINEL)
    scene.back_up()
    scene.sweep()
    return scene


def test_what_the_run_sealed_equals_the_backup(sealed):
    assert sealed.facts(sealed.original()) == {fact(Verdict.EQUAL): 2}
    assert sealed.facts() == {fact(Verdict.OPENS): 2}


def test_what_holds_no_envelope_is_told_by_its_shape(scene):
    scene.enrol(SEED, SEED, None, "", "gAAAAAx", "hunter2")

    assert scene.facts() == {
        Fact(Shape.PLAIN, Verdict.NO_ENVELOPE): 2,
        Fact(Shape.EMPTY, Verdict.NO_ENVELOPE): 2,
        Fact(Shape.FOREIGN, Verdict.NO_ENVELOPE): 1,
        Fact(Shape.UNRECOGNISED, Verdict.NO_ENVELOPE): 1,
    }


def test_facts_carry_the_key_version(sealed):
    sealed.activate_next_key()
    sealed.enrol(SEED)
    sealed.again().sweep()

    assert sealed.facts() == {fact(Verdict.OPENS, 1): 2, fact(Verdict.OPENS, 2): 1}


def test_what_an_application_enrolled_since_is_newer(sealed):
    sealed.put(1, sealed_as(sealed, 1, NEW))
    (row,) = sealed.enrol(None)
    sealed.put(row, sealed_as(sealed, row, NEW))

    facts = sealed.facts(sealed.original())
    assert facts == {
        fact(Verdict.EQUAL): 1,
        fact(Verdict.NEWER, backed_up=True): 1,
        fact(Verdict.NEWER): 1,
    }


def test_what_the_run_wrote_and_differs_is_our_own_fault(sealed):
    written_by_the_run(sealed, 1, sealed_as(sealed, 1, NEW))

    assert sealed.facts(sealed.original()) == {fact(Verdict.EQUAL): 1, fact(Verdict.DIFFERS): 1}


def test_a_late_original_counts_as_the_backup(scene):
    scene.back_up()
    scene.enrol(SEED)
    scene.sweep()

    assert scene.facts(scene.original()) == {fact(Verdict.EQUAL): 1}


def broken(scene: Scene) -> dict[tuple[str, ...], str]:
    rows = verify(scene.store, scene.target, scene.keyring, None, scene.whole).broken
    found = [(row.key, row.verdict) for row in rows]
    return {tuple(key): reason for key, reason in found}


@pytest.mark.parametrize(
    ("edit", "verdict"),
    [
        (lambda e, other: other, Verdict.WILL_NOT_OPEN),
        (lambda e, other: str(replace(e, tag=bytes(16))), Verdict.WILL_NOT_OPEN),
        (lambda e, other: str(replace(e, iv=bytes(12))), Verdict.WILL_NOT_OPEN),
        (lambda e, other: str(replace(e, ciphertext=b"x")), Verdict.WILL_NOT_OPEN),
        (lambda e, other: str(replace(e, key_version=7)), Verdict.UNKNOWN_KEY),
        (lambda e, other: str(replace(e, tag=e.tag[:12])), Verdict.MALFORMED),
        (lambda e, other: str(e)[:-4], Verdict.MALFORMED),
        (lambda e, other: PREFIX, Verdict.MALFORMED),
    ],
    ids=["swapped", "tag", "iv", "ciphertext", "version", "short tag", "cut short", "prefix"],
)
def test_a_broken_envelope_is_found_and_its_row_is_named(sealed, edit, verdict):
    one, other = (text or "" for text in sealed.stored().values())
    sealed.put(1, edit(Envelope.parse(one), other))

    facts = {fact.verdict: rows for fact, rows in sealed.facts(sealed.original()).items()}
    assert facts == {Verdict.EQUAL: 1, verdict: 1}
    assert verdict not in GOOD
    assert broken(sealed) == {("1",): verdict.value}


def test_where_nothing_opens_all_is_counted_and_the_first_are_named(sealed, monkeypatch):
    monkeypatch.setattr("reseal.verify._MOST_NAMED", 1)
    one, other = (text or "" for text in sealed.stored().values())
    sealed.put(1, other)
    sealed.put(2, one)

    seen = verify(sealed.store, sealed.target, sealed.keyring, None, sealed.whole)
    assert (seen.ours, seen.others) == (2, 0)
    assert [row.key for row in (seen + seen).broken] == [["1"], ["1"]]
    assert (seen + seen).facts == {
        fact._replace(backed_up=False): 2 * rows for fact, rows in seen.facts.items()
    }


def test_an_envelope_under_another_version_of_ours_does_not_open(sealed):
    sealed.activate_next_key()
    envelope = Envelope.parse(sealed.stored()[1] or "")
    sealed.put(1, str(replace(envelope, key_version=2)))

    assert broken(sealed) == {("1",): Verdict.WILL_NOT_OPEN.value}


def test_an_envelope_in_a_row_without_a_key_does_not_open(scene):
    scene = scene.table("id text PRIMARY KEY, s text", [("a", SEED), ("", None)], column="s")
    scene.sweep()
    scene.admin.execute("UPDATE t SET s = (SELECT s FROM t WHERE id = 'a') WHERE id = ''")

    assert broken(scene) == {("",): Verdict.WILL_NOT_OPEN.value}


def test_only_rows_of_the_field_are_looked_at(sealed):
    sealed.enrol("hunter2")

    assert sealed.described(where="id < 2").facts() == {fact(Verdict.OPENS): 1}


def test_a_field_that_is_unsealed_again_has_no_envelope(sealed):
    sealed.again().sweep(Turn.UNSEAL)

    unsealed = Fact(Shape.PLAIN, Verdict.NO_ENVELOPE, backed_up=True)
    assert sealed.facts(sealed.original()) == {unsealed: 2}


def test_a_damaged_record_of_the_backup_is_told_and_the_others_are_compared(sealed):
    sealed.admin.execute(
        "UPDATE reseal.backup SET sealed = sealed || '\\x00' WHERE row_key = ARRAY['1']"
    )

    facts = sealed.facts(sealed.original())
    assert {fact.verdict: count for fact, count in facts.items()} == {
        Verdict.UNCOMPARED: 1, Verdict.EQUAL: 1,
    }  # fmt: skip
    assert (
        verify(sealed.store, sealed.target, sealed.keyring, sealed.original(), sealed.whole).broken
        == []
    )


def test_no_fact_and_no_reason_holds_a_value(sealed):
    sealed.put(1, (sealed.stored()[2] or ""))
    found = verify(sealed.store, sealed.target, sealed.keyring, sealed.original(), sealed.whole)

    assert SENTINEL not in repr(found)
    assert PREFIX not in repr(found)


def test_a_table_of_many_pages_is_verified_whole(scene):
    scene.admin.execute(
        "INSERT INTO users (email, mfa_secret) SELECT i::text, %s FROM generate_series(1, 2000) i",
        [SEED],
    )
    scene.back_up()
    scene.sweep()

    assert scene.facts(scene.original()) == {fact(Verdict.EQUAL): 2000}


def test_the_ivs_of_what_opens_are_compared(sealed):
    original, (one, other) = sealed.original(), sealed.stored().values()
    same_iv = replace(Envelope.parse(one or ""), tag=bytes(16))

    def ivs(*stored: str | None) -> dict[int, Ivs]:
        for row, text in enumerate(stored, start=1):
            sealed.put(row, text)
        with gathering() as imprints:
            place = imprints.directory
            verify(
                sealed.store, sealed.target, sealed.keyring, original, sealed.whole, imprints=place
            )
            return imprints.ivs()

    assert ivs(one, other) == {1: Ivs(2, 0)}
    # What does not open shows nothing of what was sealed.
    assert ivs(one, str(same_iv)) == {1: Ivs(1, 0)}
    assert ivs(one, one) == {1: Ivs(1, 0)}


def test_two_secrets_that_were_sealed_with_one_iv_are_found(scene):
    scene.enrol(SEED, NEW)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("reseal.keyring.os.urandom", bytes)
        scene.sweep()
    with gathering() as imprints:
        place = imprints.directory
        verify(scene.store, scene.target, scene.keyring, None, scene.whole, imprints=place)

        assert imprints.ivs() == {1: Ivs(2, 1)}


def test_every_probe_is_noticed(sealed):
    found = probes.probe(sealed.store, sealed.target, sealed.keyring, sealed.original(), 59.0)

    assert len(found.results) == 5
    assert all(found.results.values())
    assert found.codes == Codes(compared=2)


def test_codes_are_compared_though_an_earlier_run_sealed_the_first_rows(scene):
    scene.enrol(*[SEED] * 60)
    scene.sweep()
    later = scene.again()
    later.enrol(SEED, SEED)
    later.back_up()
    later.sweep()

    found = probes.probe(scene.store, scene.target, scene.keyring, later.original(), 59.0)
    assert found.codes == Codes(compared=2)
    assert all(found.results.values())
    assert len(found.results) == 5


def test_a_damaged_backup_fails_no_probe(sealed):
    sealed.admin.execute("UPDATE reseal.backup SET sealed = sealed || '\\x00'")

    found = probes.probe(sealed.store, sealed.target, sealed.keyring, sealed.original(), 59.0)
    assert all(found.results.values())
    assert found.codes == Codes(without=2)


def test_where_the_row_is_not_bound_a_moved_envelope_is_not_probed(scene):
    scene = scene.described(bind="field")
    scene.enrol(SEED, SEED)
    scene.sweep()

    found = probes.probe(scene.store, scene.target, scene.keyring, None, 59.0)
    assert len(found.results) == 3
    assert all(found.results.values())
    assert found.codes is None
