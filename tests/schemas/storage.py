"""How a table is stored: partitions, heirs, indexes, pages, neighbours."""

from typing import Any

from tests.schemas.plainly import plainly
from tests.schemas.schema import Schema, document, kept, secret
from tests.schemas.values import HOSTILE, Dice, base32s, mixed, numbered

_INDEX_GONE = "SELECT to_regclass('{}') IS NULL"


def _partitions() -> list[Schema]:
    dice = Dice.of("partitions")

    def dated(number: int) -> tuple[Any, ...]:
        at = f"2026-{1 + number % 6:02}-15"
        region = ("eu", "us")[number % 2]
        return number, at, region, HOSTILE[number % 8], secret(dice.base32())

    def listed(number: int) -> tuple[Any, ...]:
        return number, ("a", "b", "zz")[number % 3], secret(dice.base32())

    return [
        Schema(
            "by_range",
            "partitions by range, with partitions by list in one of them",
            "one sweep over every partition; each row stays where it is",
            ddl="""CREATE TABLE by_range (id int, day date, region text, note text, secret
                       varchar(64), PRIMARY KEY (id, day, region)) PARTITION BY RANGE (day);
                   CREATE TABLE by_range_1 PARTITION OF by_range
                       FOR VALUES FROM ('2026-01-01') TO ('2026-04-01');
                   CREATE TABLE by_range_2 PARTITION OF by_range
                       FOR VALUES FROM ('2026-04-01') TO ('2027-01-01') PARTITION BY LIST (region);
                   CREATE TABLE by_range_2_eu PARTITION OF by_range_2 FOR VALUES IN ('eu');
                   CREATE TABLE by_range_2_rest PARTITION OF by_range_2 DEFAULT""",
            fields=(kept(),),
            columns=("id", "day", "region", "note", "secret"),
            rows=tuple(dated(number) for number in range(1, 31)),
            key={"id": int, "day": str, "region": str},
        ),
        Schema(
            "by_list",
            "partitions by list, one of them in another schema, with an index over the secret",
            "the index goes from the table and so from each partition",
            ddl="""CREATE SCHEMA "list parts"; CREATE TABLE by_list (id int, realm text, secret
                       text, PRIMARY KEY (realm, id)) PARTITION BY LIST (realm);
                   CREATE TABLE by_list_a PARTITION OF by_list FOR VALUES IN ('a');
                   CREATE TABLE "list parts".b PARTITION OF by_list FOR VALUES IN ('b');
                   CREATE TABLE by_list_rest PARTITION OF by_list DEFAULT;
                   CREATE INDEX by_list_secret ON by_list (secret)""",
            fields=(kept(),),
            columns=("id", "realm", "secret"),
            rows=tuple(listed(number) for number in range(1, 31)),
            key={"realm": str, "id": int},
            told=("column: indexes",),
            after=(_INDEX_GONE.format("by_list_secret"),),
        ),
        Schema(
            "by_hash",
            "partitions by hash",
            "as any partitions",
            ddl="""CREATE TABLE by_hash (id bigint PRIMARY KEY, secret char(32))
                       PARTITION BY HASH (id);
                   CREATE TABLE by_hash_0 PARTITION OF by_hash
                       FOR VALUES WITH (MODULUS 2, REMAINDER 0);
                   CREATE TABLE by_hash_1 PARTITION OF by_hash
                       FOR VALUES WITH (MODULUS 2, REMAINDER 1)""",
            fields=(kept(),),
            columns=("id", "secret"),
            rows=tuple((number, secret(dice.base32())) for number in range(1, 31)),
        ),
        Schema(
            "attached_otherwise",
            "a partition whose columns are in another order, with dropped ones between",
            "columns go by name and never by position",
            ddl="""CREATE TABLE attached_otherwise (gone int, id int NOT NULL, secret varchar(32),
                       note text NOT NULL) PARTITION BY RANGE (id);
                   ALTER TABLE attached_otherwise DROP COLUMN gone;
                   CREATE TABLE attached_1 (note text NOT NULL, a int, secret varchar(32), b int,
                       id int NOT NULL);
                   ALTER TABLE attached_1 DROP COLUMN a; ALTER TABLE attached_1 DROP COLUMN b;
                   ALTER TABLE attached_otherwise ATTACH PARTITION attached_1
                       FOR VALUES FROM (0) TO (13);
                   CREATE TABLE attached_2 PARTITION OF attached_otherwise
                       FOR VALUES FROM (13) TO (1000);
                   ALTER TABLE attached_otherwise ADD PRIMARY KEY (id)""",
            fields=(kept(),),
            columns=("id", "note", "secret"),
            rows=numbered(*mixed(base32s(dice), None, "")),
        ),
    ]


def _heirs() -> Schema:
    dice = Dice.of("heirs")

    def rows(first: int, count: int) -> tuple[tuple[Any, ...], ...]:
        return tuple((first + n, secret(dice.base32()), f"note {n}") for n in range(count))

    return Schema(
        "heirs",
        "a table that others inherit from, with columns of their own",
        "the rows of the heirs are swept with it, and their other columns stay",
        ddl="""CREATE TABLE heirs (id int PRIMARY KEY, secret varchar(64), note text);
               CREATE TABLE heirs_admin (level numeric DEFAULT 1.10, PRIMARY KEY (id))
                   INHERITS (heirs);
               CREATE TABLE heirs_root (PRIMARY KEY (id)) INHERITS (heirs_admin)""",
        fields=(kept(),),
        columns=("id", "secret", "note"),
        rows=rows(1, 8),
        told=("table: inheritance",),
        heirs={"heirs_admin": rows(100, 5), "heirs_root": rows(200, 3)},
        always=("SELECT bool_and(level = 1.10) AND count(*) = 8 FROM heirs_admin",),
    )


def _pages() -> list[Schema]:
    dice = Dice.of("pages")
    long = [(n, dice.hex(9000), secret(dice.base32()), n % 2 == 0) for n in range(1, 21)]
    return [
        plainly(
            "indexed",
            "text",
            "a btree, a hash, a partial and a covering index over the secret",
            "dropped before the first row, and written into the evidence; other indexes stay",
            mixed(base32s(dice), None, ""),
            behind="""CREATE INDEX indexed_btree ON indexed (secret);
                      CREATE INDEX indexed_hash ON indexed USING hash (secret);
                      CREATE INDEX indexed_part ON indexed (secret) WHERE secret <> '';
                      CREATE INDEX indexed_lower ON indexed (lower(secret));
                      CREATE INDEX indexed_note ON indexed (note)""",
            told=("column: indexes",),
            after=(
                *(_INDEX_GONE.format(f"indexed_{n}") for n in ("btree", "hash", "part", "lower")),
                "SELECT to_regclass('indexed_note') IS NOT NULL",
            ),
        ),
        Schema(
            "long_neighbour",
            "pages that are filled to 70 %, beside a value that is stored out of line",
            "the long value is not written again, and stays byte for byte",
            ddl="""CREATE TABLE long_neighbour (id int PRIMARY KEY, picture text, secret text,
                       mfa_enabled boolean) WITH (fillfactor = 70);
                   ALTER TABLE long_neighbour ALTER picture SET STORAGE EXTERNAL""",
            fields=(kept(),),
            columns=("id", "picture", "secret", "mfa_enabled"),
            rows=tuple(long),
        ),
        plainly(
            "toasted_document",
            "jsonb",
            "documents of many kilobytes, stored out of line and compressed",
            "only the leaf differs afterwards",
            _long_documents(Dice.of("toasted_document")),
            path="a.secret",
        ),
        Schema(
            "unlogged",
            "an unlogged table",
            "as any other; a crash of the server empties it, as ever",
            ddl="CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY, note text, secret text)",
            fields=(kept(),),
            columns=("id", "note", "secret"),
            rows=numbered(*base32s(dice)),
        ),
        Schema(
            "generated",
            "columns that are generated from others, and an identity that is always generated",
            "they stay as they are",
            ddl="""CREATE TABLE generated (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                       first text, last text, whole text GENERATED ALWAYS AS
                       (first || ' ' || last) STORED, secret varchar(40))""",
            fields=(kept(),),
            columns=("id", "first", "last", "secret"),
            rows=tuple((n, f"first {n}", dice.note(), secret(dice.base32())) for n in range(1, 21)),
        ),
    ]


def _long_documents(dice: Dice) -> list[Any]:
    def one() -> Any:
        many = ", ".join(f'"{n}é": "{dice.hex(40)}"' for n in range(200))
        return document(f'{{"0": {{{many}}}, "a": {{"secret": "@@"}}, "z": 1.10}}', dice.base32())

    return [one() for _ in range(12)]


def storage() -> list[Schema]:
    """Every table of this file."""
    return [*_partitions(), _heirs(), *_pages()]
