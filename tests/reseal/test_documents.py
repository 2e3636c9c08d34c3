"""Secrets in documents: only the leaf changes, through sealing, resealing and restoring."""

import json

import pytest
from psycopg.errors import CheckViolation

from reseal.envelope import PREFIX
from reseal.guard import raise_guard, why_not
from reseal.judge import GOOD, Verdict
from reseal.prepare import prepare
from reseal.store.store import Store
from reseal.sweep.turn import Turn
from tests.conftest import SENTINEL
from tests.reseal.scene import SEED
from tests.reseal.test_write import Recorder

ODD = '{ "b" : 1795487130.4583991234,  "a":1, "a":2, "totp": {"secret": "%s", "on":true} }'
CODES = {"path": "codes[*]", "format": "text"}


def documents(scene, texts, type_name="text", **words):
    rows = list(enumerate(texts, start=1))
    columns = f"id int PRIMARY KEY, s {type_name}"
    return scene.table(columns, rows, **{"column": "s", "path": "totp.secret"} | words)


@pytest.mark.parametrize("type_name", ["text", "json", "varchar"])
def test_whatever_is_beside_the_leaf_stays_byte_for_byte(scene, type_name):
    scene = documents(scene, [ODD % SEED], type_name)

    assert scene.sweep().changed == 1
    (text,) = scene.texts().values()
    before, after = (ODD % "|").split("|")
    assert text.startswith(before + PREFIX)
    assert text.endswith(after)
    assert scene.sweep().settled == 1


def test_a_restored_leaf_is_spelled_as_it_was(scene):
    spelled = r'{"url":"otpauth:\/\/totp\/A?secret=JBSWY3DPEHPK3PXP\u0026x=\u00e9"}'
    scene = documents(scene, [spelled], path="url", format="otpauth")
    scene.take_backup()
    scene.sweep()

    assert scene.again().roll_back(scene).changed == 1
    assert scene.texts() == {1: spelled}


def test_json_in_a_string_of_json_is_sealed_and_put_back(scene):
    inner = json.dumps({"v": 1, "key": SEED})
    text = json.dumps({"authenticator": inner, "n": 1})
    scene = documents(scene, [text], path="authenticator.key")
    scene.take_backup()
    scene.sweep()

    sealed = json.loads(json.loads(scene.texts()[1])["authenticator"])
    assert sealed["key"].startswith(PREFIX)
    assert sealed["v"] == 1
    assert scene.again().roll_back(scene).changed == 1
    assert scene.texts() == {1: text}


def test_each_of_several_secrets_in_a_row_is_sealed(scene):
    scene = documents(scene, ['{"codes":["a","b",null,""]}', '{"codes":[]}'], "jsonb", **CODES)
    scene.take_backup()

    assert scene.sweep().changed == 1
    codes = json.loads(scene.texts()[1])["codes"]
    assert [code[:19] if code else code for code in codes] == [PREFIX, PREFIX, None, ""]
    assert codes[0] != codes[1]
    assert scene.census().empty == 1


def test_a_code_that_was_used_since_does_not_come_back(scene):
    scene = documents(scene, ['{"codes":["a","b","c"]}'], "jsonb", **CODES)
    scene.take_backup()
    scene.sweep()
    scene.admin.execute("UPDATE t SET s = s #- '{codes,0}'")

    assert scene.again().roll_back(scene).changed == 1
    assert json.loads(scene.texts()[1])["codes"] == ["b", "c"]


def test_a_leaf_enrolled_anew_since_stays_and_its_neighbours_come_back(scene):
    scene = documents(scene, ['{"codes":["a","b"]}'], "jsonb", **CODES)
    scene.take_backup()
    scene.sweep()
    scene.admin.execute("""UPDATE t SET s = jsonb_set(s, '{codes,0}', '"new"')""")

    back = scene.again()
    assert back.roll_back(scene).changed == 1
    assert json.loads(scene.texts()[1])["codes"] == ["new", "b"]
    assert back.roll_back(scene).left_alone == 1
    assert "enrolled anew since" in back.left_alone()[("1",)]


def test_of_a_mixed_row_the_plaintext_is_sealed_and_the_rest_quarantined(scene):
    scene = documents(scene, ['{"codes":["a",12]}'], "jsonb", **CODES)

    assert scene.sweep().changed == 1
    assert scene.sweep().quarantined == 1
    assert json.loads(scene.texts()[1])["codes"][1] == 12


def test_only_what_is_not_under_the_active_key_is_resealed(scene):
    scene = documents(scene, ['{"codes":["a"]}'], "jsonb", **CODES)
    scene.sweep()
    scene.activate_next_key()
    cipher = scene.keyring.cipher(scene.name)
    newer = cipher.seal_text((1,), scene.target.column.secret("b"))
    scene.admin.execute(
        "UPDATE t SET s = jsonb_insert(s, '{codes,-1}', to_jsonb(%s::text), true)", [newer]
    )

    assert scene.sweep(Turn.RESEAL).changed == 1
    assert json.loads(scene.texts()[1])["codes"][1] == newer
    assert scene.sweep(Turn.RESEAL).settled == 1


def test_what_is_no_json_is_quarantined_untouched(scene):
    scene = documents(scene, [SENTINEL, ODD % SEED, ""])

    tally = scene.sweep()
    assert (tally.changed, tally.quarantined, tally.empty) == (1, 1, 1)
    assert scene.texts()[1] == SENTINEL
    assert scene.quarantine() == {("1",): "not a secret in the field's format"}


def test_siblings_do_not_travel_as_parameters(scene):
    text = json.dumps({"totp": {"secret": SEED}, "codes": [SENTINEL]})
    scene = documents(scene, [text], "jsonb")

    Recorder.sent.clear()
    scene.sweep(connect=lambda: Store(Recorder.open(scene.access.url, "recorded")))
    everything = "".join(Recorder.sent)
    assert "UPDATE" in everything
    assert SENTINEL not in everything
    assert SEED not in everything


def test_the_backup_proves_documents_too(scene):
    texts = [ODD % SEED, "{}", "", ODD % SEED.lower()]
    scene = documents(scene, texts)

    assert scene.take_backup() == 2
    assert scene.prove().compared == 2
    assert scene.originals() == {("1",): texts[0], ("4",): texts[3]}


def test_verification_counts_a_document_as_its_worst_leaf(scene):
    scene = documents(scene, ['{"codes":["a","b"]}', '{"codes":["c"]}'], "jsonb", **CODES)
    scene.take_backup()
    scene.sweep()
    assert {fact.verdict for fact in scene.facts(scene.original())} == {Verdict.EQUAL}

    swapped = json.loads(scene.texts()[2])["codes"][0]
    scene.admin.execute(
        "UPDATE t SET s = jsonb_set(s, '{codes,1}', to_jsonb(%s::text)) WHERE id = 1", [swapped]
    )
    facts = scene.facts(scene.original())
    assert sum(facts.values()) == 2
    assert [fact.verdict for fact in facts if fact.verdict not in GOOD] == [Verdict.WILL_NOT_OPEN]


@pytest.mark.parametrize("type_name", ["jsonb", "json"])
def test_the_guard_looks_at_the_leaves_alone(scene, type_name):
    scene = documents(scene, ['{"codes":["a",""],"b":"c"}', "{}", None], type_name, **CODES)
    scene.sweep()
    assert why_not(scene.store, scene.target, scene.census(), forced=True) is None
    raise_guard(scene.store, scene.target)

    for allowed in ('{"codes":[null,""],"b":"x"}', '{"codes":"x"}', "[]"):
        scene.admin.execute("UPDATE t SET s = %s WHERE id = 2", [allowed])
    with pytest.raises(CheckViolation):
        scene.admin.execute("""UPDATE t SET s = '{"codes":["","x"]}' WHERE id = 2""")


def test_text_is_not_guarded_for_what_it_may_not_parse_as(scene):
    scene = documents(scene, ["{}"])

    reason = why_not(scene.store, scene.target, scene.census(), forced=True)
    assert reason == "a constraint cannot look into documents that are text or arrays"


def test_a_string_that_holds_json_is_not_guarded(scene):
    text = json.dumps({"authenticator": json.dumps({"key": SEED})})
    scene = documents(scene, [text], "jsonb", path="authenticator.key")
    scene.sweep()

    reason = why_not(scene.store, scene.target, scene.census(), forced=True)
    assert reason == "a constraint cannot look into a string that holds JSON"


def test_preparing_leaves_the_indexes_of_a_document_alone(scene):
    scene = documents(scene, ["{}"], "jsonb")
    scene.admin.execute("CREATE INDEX ON t USING gin (s)")

    assert prepare(scene.store, scene.target).dropped_indexes == []
