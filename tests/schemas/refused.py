"""Tables that must not be touched, and the sentence that says why."""

from typing import Any

from tests.schemas.schema import Refused
from tests.schemas.values import Dice


def _rows(name: str, count: int = 20) -> str:
    dice = Dice.of(f"refused {name}")
    return ", ".join(f"({n}, '{dice.base32()}')" for n in range(1, count + 1))


def _made(name: str, columns: str, *, more: str = "", rows: str = "") -> str:
    values = rows or f"INSERT INTO {name} (id, secret) VALUES {_rows(name)}"
    return f"CREATE TABLE {name} ({columns}); {values}; {more}"


def _secret(
    name: str, column: str, what: str, why: str, check: str, says: str, **more: Any
) -> Refused:
    """A table of a number and a secret, whose column is declared so."""
    before, behind = more.pop("before", ""), more.pop("behind", "")
    table = _made(
        name, f"id int PRIMARY KEY, secret {column}", more=behind, rows=more.pop("rows", "")
    )
    return Refused(name, what, why, f"{before}; {table}", check, says, words=more)


def _constraints() -> list[Refused]:
    ciphertext = Dice.of("other_ciphertext")
    rows = ", ".join(f"({n}, '{ciphertext.hex(72)}')" for n in range(1, 21))
    return [
        _secret(
            "check_of_length", "text CHECK (length(secret) = 32)",
            "a CHECK that envelopes do not meet, such as `length(secret) = 32`",
            "it would reject the first write; drop it, `--guard` puts one for envelopes there",
            "column: checks", "check_of_length_secret_check",
        ),
        _secret(
            "domain_with_check", "otp_checked",
            "a domain with a CHECK that envelopes do not meet",
            "as a CHECK of the table",
            "column: checks", "otp_checked",
            before="CREATE DOMAIN otp_checked AS text CHECK (VALUE ~ '^[A-Z2-7]{16,64}$')",
        ),
        _secret(
            "unique_secret", "text UNIQUE",
            "UNIQUE on the secret",
            "two envelopes of one secret differ, so it would mean nothing any more",
            "column: unique", "unique_secret_secret_key",
        ),
        _secret(
            "unique_expression", "text",
            "a unique index over an expression of the secret",
            "as UNIQUE",
            "column: unique", "unique_expression_folded",
            behind="""CREATE UNIQUE INDEX unique_expression_folded
                      ON unique_expression (lower(secret))""",
        ),
        _secret(
            "excluded_secret", "text, EXCLUDE USING btree (secret WITH =)",
            "an exclusion constraint over the secret",
            "as UNIQUE",
            "column: unique", "excluded_secret_secret_excl",
        ),
        _secret(
            "refers_by_secret", "text REFERENCES known_secrets",
            "a foreign key on the secret",
            "equal secrets do not give equal envelopes",
            "column: foreign keys", "refers_by_secret_secret_fkey",
            before=f"""CREATE TABLE known_secrets (secret text PRIMARY KEY);
                       INSERT INTO known_secrets SELECT v.secret
                       FROM (VALUES {_rows('refers_by_secret')}) AS v (id, secret)""",
        ),
        _secret(
            "generated_from_secret",
            "text, prefix text GENERATED ALWAYS AS (left(secret, 4)) STORED",
            "a column that is generated from the secret",
            "it would show a part of the envelope, and shows a part of the secret now",
            "column: generated", "prefix",
        ),
        _secret(
            "other_ciphertext", "text",
            "values that may be another application's ciphertext by their length and alphabet",
            'not guessed: `declared = "plaintext"` says that they are none',
            "content: ambiguity", "declared",
            rows=f"INSERT INTO other_ciphertext VALUES {rows}", format="hex",
        ),
        _secret(
            "wrong_format", "text",
            "a format that fits less than half of what stands in the column",
            "the description is probably wrong",
            "content: format", "format", format="hex",
        ),
    ]  # fmt: skip


def _room() -> list[Refused]:
    view = "CREATE VIEW {0}_shown AS SELECT secret FROM {0}"
    return [
        _secret(
            "short_under_a_view", "varchar(32)",
            "a column that is too short, and that a view shows",
            'the view forbids another type: make it anew around ALTER, or `store = "side"`',
            "column: room", "short_under_a_view_shown",
            behind=view.format("short_under_a_view"),
        ),
        _secret(
            "short_domain", "otp_short",
            "a domain whose limit is too short",
            "other columns may have the domain as well; give this one a type without a limit",
            "column: room", "otp_short",
            before="CREATE DOMAIN otp_short AS varchar(64)",
        ),
        _secret(
            "no_room_for_a_mark", "varchar(12)",
            'fewer than 16 characters with `store = "side"`',
            "not even a mark fits; without it the column is widened",
            "column: room", "mark of 16",
            rows="INSERT INTO no_room_for_a_mark VALUES (1, 'ABCDEFGHIJKL')",
            store="side", format="text",
        ),
    ]  # fmt: skip


def _types() -> list[Refused]:
    def typed(name: str, type_: str, what: str, why: str, says: str, value: str, **words: Any):
        return _secret(
            name, type_, what, why, "field: type", says,
            rows=f"INSERT INTO {name} VALUES (1, {value})", **words,
        )  # fmt: skip

    path = "`path` says where the secret stands; without it the whole document would be sealed"
    return [
        typed("xml_secret", "xml", "`xml`", "no value of it can become an envelope",
              "xml, of which no value", "NULL"),
        typed("number_secret", "bigint", "a number", "no value of it can become an envelope",
              "int8, of which no value", "1"),
        typed("jsonb_without_path", "jsonb", "`jsonb` without `path`", path, "path =", "'{}'"),
        typed("array_without_path", "text[]", "`text[]` without `path`", path, "path =", "'{}'"),
        typed("path_into_bytes", "bytea", "`path` into `bytea`", "bytes are no document",
              "cannot lead anywhere", r"'\x00'", path="secret"),
    ]  # fmt: skip


def _tables() -> list[Refused]:
    heap = _made("behind", "id int PRIMARY KEY, secret text")
    return [
        Refused(
            "a_view", "a view", "name the table that holds the column",
            f"{heap}; CREATE VIEW a_view AS SELECT * FROM behind", "field: table", "a view",
        ),
        Refused(
            "a_materialized_view", "a materialized view", "a copy; name the table it is made of",
            "CREATE MATERIALIZED VIEW a_materialized_view AS SELECT * FROM behind",
            "field: table", "a materialized view",
        ),
        Refused(
            "one_partition", "a partition named in place of its table",
            "it holds only some of the rows; the table is named",
            """CREATE TABLE parts (id int PRIMARY KEY, secret text) PARTITION BY RANGE (id);
               CREATE TABLE one_partition PARTITION OF parts FOR VALUES FROM (0) TO (9);
               INSERT INTO parts VALUES (1, 'ABCDEFGHIJKLMNOP')""",
            "field: table", "parts, of which it holds only some",
        ),
        Refused(
            "elsewhere", "a foreign table", "run Reseal where its rows are stored",
            """CREATE EXTENSION IF NOT EXISTS file_fdw; CREATE SERVER files FOREIGN DATA WRAPPER
               file_fdw; CREATE FOREIGN TABLE elsewhere (id int, secret text) SERVER files
               OPTIONS (filename '/dev/null', format 'csv')""",
            "field: table", "a foreign table",
        ),
        Refused(
            "partly_elsewhere", "a partition that is a foreign table",
            "its rows cannot be sealed from here; detach it",
            """CREATE TABLE partly_elsewhere (id int NOT NULL, secret text) PARTITION BY RANGE (id);
               CREATE TABLE partly_here PARTITION OF partly_elsewhere FOR VALUES FROM (0) TO (9);
               INSERT INTO partly_elsewhere VALUES (1, 'ABCDEFGHIJKLMNOP');
               CREATE UNIQUE INDEX ON partly_here (id);
               CREATE FOREIGN TABLE partly_there PARTITION OF partly_elsewhere
               FOR VALUES FROM (9) TO (99) SERVER files
               OPTIONS (filename '/dev/null', format 'csv')""",
            "field: table", "detach it", words={"key": ["id"]},
        ),
    ]  # fmt: skip


def _keys() -> list[Refused]:
    def keyed(
        name: str, columns: str, what: str, why: str, says: str, more: str = "", **words: Any
    ) -> Refused:
        return Refused(name, what, why, _made(name, columns, more=more), "field: key", says, words)

    return [
        keyed("secret_in_the_key", "id int, secret text, PRIMARY KEY (id, secret)",
              "the secret inside the primary key",
              "an envelope cannot be bound to itself; name another unique key", "part of the key"),
        keyed("no_key", "id int, secret text", "no key at all",
              "rows could not be told apart; add one, or name a unique key",
              "has no primary key"),
        keyed("key_with_nulls", "id int UNIQUE, secret text", "a unique key that may be NULL",
              "NULLs repeat under it; declare it NOT NULL", "may be NULL", key=["id"]),
        keyed("key_in_part", "id int NOT NULL, secret text",
              "a unique index over some of the rows only", "the others could repeat",
              "no unique index covers", key=["id"],
              more="CREATE UNIQUE INDEX ON key_in_part (id) WHERE secret <> ''"),
        Refused(
            "heirs_with_one_key", "heirs that repeat a key of their parent's",
            "an envelope would be bound to two rows; give each a key of its own",
            f"""{_made("heirs_with_one_key", "id int PRIMARY KEY, secret text")};
                CREATE TABLE heir_again () INHERITS (heirs_with_one_key);
                INSERT INTO heir_again VALUES (1, 'ABCDEFGHIJKLMNOP')""",
            "table: inheritance", "keys are not of one row alone",
        ),
    ]  # fmt: skip


def _actions() -> list[Refused]:
    trigger = """CREATE FUNCTION {0}_does() RETURNS trigger LANGUAGE plpgsql AS
                     $$ BEGIN {1} END $$;
                 CREATE TRIGGER {0}_does {2} UPDATE ON {0}
                     FOR EACH ROW EXECUTE FUNCTION {0}_does()"""
    copies = "INSERT INTO {0}_kept VALUES (OLD.*); RETURN NULL;"

    def acting(
        name: str,
        what: str,
        why: str,
        says: str,
        body: str,
        when: str,
        more: str = "",
        **words: str,
    ) -> Refused:
        kept = f"CREATE TABLE {name}_kept (id int, secret text)"
        return _secret(
            name, "text", what, why, "table: triggers", says,
            behind=f"{kept}; {trigger.format(name, body.format(name), when)}; {more}", **words,
        )  # fmt: skip

    return [
        acting("trigger_encrypts", "a trigger that writes the secret itself",
               "it would overrule what is sealed; drop it first", "writes the column itself",
               "NEW.secret := md5(NEW.secret); RETURN NEW;", "BEFORE"),
        acting("trigger_copies", "a trigger that copies the old row, and nothing said of it",
               'every plaintext would be copied; `triggers = "skip"`, or `"fire"` if it is meant',
               "copies the old value elsewhere", copies, "AFTER"),
        acting("trigger_copies_always",
               'such a trigger made ENABLE ALWAYS, with `triggers = "skip"`',
               "it would fire all the same", "copies the old value elsewhere", copies, "AFTER",
               "ALTER TABLE trigger_copies_always ENABLE ALWAYS TRIGGER trigger_copies_always_does",
               triggers="skip"),
        _secret(
            "rule_instead", "text", "a rule on the table", "it can divert what is written",
            "table: rules", "rule_instead_nothing",
            behind="""CREATE RULE rule_instead_nothing AS ON UPDATE TO rule_instead
                      DO INSTEAD NOTHING""",
        ),
    ]  # fmt: skip


REFUSED = [*_constraints(), *_room(), *_types(), *_tables(), *_keys(), *_actions()]
HIDDEN = Refused(
    "hidden_rows",
    "row-level security that binds the role",
    "it would see no row and report that all is done; connect as the owner, or with BYPASSRLS",
    _made(
        "hidden_rows",
        "id int PRIMARY KEY, secret text",
        more="""ALTER TABLE hidden_rows ENABLE ROW LEVEL SECURITY;
                CREATE POLICY own ON hidden_rows USING (id = 1)""",
    ),
    "rights: row security",
    "apply to this role",
)
