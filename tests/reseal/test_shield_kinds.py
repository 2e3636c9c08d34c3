"""The shield on every type of column, and by every way to write a row."""

from dataclasses import dataclass

import pytest

from reseal.prepare import prepare
from reseal.shield import raise_shield
from tests.reseal.scene import SEED, Scene
from tests.reseal.shielding import NEW, seal


@dataclass(frozen=True)
class Kind:
    """A type of column, how the field says so, and two values of it."""

    column: str
    one: str
    other: str
    path: str | None = None
    store: str | None = None
    format: str = "base32"

    @property
    def words(self) -> dict[str, str]:
        words = {"column": "s", "format": self.format, "path": self.path, "store": self.store}
        return {name: word for name, word in words.items() if word}


def json_of(secret: str) -> str:
    """A document as PostgreSQL spells it; json keeps the blank before its end."""
    return f'{{"k": {{"s": "{secret}"}} }}'


BYTES = ("\\x00112233445566778899aabb", "\\xff112233445566778899aabb")

KINDS = {
    "varchar": Kind("varchar(400)", SEED, NEW),
    "short varchar": Kind("varchar(40)", SEED, NEW),
    "char": Kind("char(40)", SEED.ljust(40), NEW.ljust(40)),
    "char without a length": Kind("bpchar", SEED, NEW),
    "citext": Kind("citext", SEED, NEW),
    "bytea": Kind("bytea", *BYTES, format="bytes"),
    "jsonb": Kind("jsonb", json_of(SEED), json_of(NEW), "k.s"),
    "json": Kind("json", json_of(SEED), json_of(NEW), "k.s"),
    "json in text": Kind("text", json_of(SEED), json_of(NEW), "k.s"),
    "array": Kind("text[]", f"{{{SEED},{NEW}}}", f"{{{NEW}}}", "[*]"),
    "side store": Kind("char(32)", SEED * 2, NEW * 2, store="side"),
}

WAYS = {
    "update": "UPDATE t SET x = 'saved', s = '{}'",
    "upsert": "INSERT INTO t VALUES (1, 'saved', '{}') "
    "ON CONFLICT (id) DO UPDATE SET x = excluded.x, s = excluded.s",
    "merge": "MERGE INTO t USING (SELECT 1 AS id) AS v ON t.id = v.id "
    "WHEN MATCHED THEN UPDATE SET x = 'saved', s = '{}'",
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_was_read_before_does_not_come_back_and_all_else_passes(
    scene: Scene, kind: Kind, way: str
) -> None:
    scene.admin.execute("CREATE EXTENSION citext")
    columns = f"id int PRIMARY KEY, x text, s {kind.column}"
    kept = scene.table(columns, [(1, "read", kind.one)], **kind.words)
    prepare(kept.store, kept.target)
    raise_shield(kept.store, kept.target)
    had = kept.texts()
    seal(kept)
    sealed = kept.texts()
    assert sealed != had

    kept.admin.execute(way.format(kind.one).encode())
    assert kept.texts() == sealed
    assert kept.admin.execute("SELECT x FROM t").fetchone() == ("saved",)

    kept.admin.execute(way.format(kind.other).encode())
    enrolled = kept.texts()
    assert kept.sweep_heaps().changed == 1
    resealed = kept.texts()
    kept.admin.execute(way.format(kind.other).encode())
    assert kept.texts() == resealed != enrolled

    kept.admin.execute(way.format(kind.one).encode())
    assert kept.texts() == had


def test_of_a_document_that_an_application_sealed_in_part_the_sweep_knows_all_again(
    scene: Scene,
) -> None:
    array = "{{{},{}}}"
    both = scene.table("id int PRIMARY KEY, s text[]", [], column="s", path="[*]")
    both.admin.execute("INSERT INTO t VALUES (1, %s)", [array.format(SEED, SEED)])
    raise_shield(both.store, both.target)
    seal(both)
    place = both.target.field.place((1,))
    envelope = str(both.keyring.seal(place, both.target.column.secret(NEW)))
    write = "UPDATE t SET s = %s"
    both.admin.execute(write, [array.format(envelope, NEW)])
    assert both.sweep_heaps().changed == 1
    sealed = both.texts()
    both.admin.execute(write, [array.format(SEED, SEED)])
    assert SEED in str(both.texts())

    both.admin.execute(write, [array.format(envelope, NEW)])
    assert both.sweep_heaps().changed == 1
    assert NEW not in str(both.texts())
    assert both.texts() != sealed
