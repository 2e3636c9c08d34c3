"""Triggers: what the source of one says that it does, and which of a table's are judged how."""

from dataclasses import replace

import pytest

from reseal.config import parse_config
from reseal.preflight import Verdict
from reseal.preflight.trigger_source import deeds
from tests.conftest import USERS_FIELD
from tests.reseal.test_preflight import FILL, found, look

WRITES, OLD, NEW, SUPPRESSES = "writes", "copies_old", "copies_new", "suppresses"

# The body of a function, and all that it is said to do.
SOURCES = {
    "nothing": ("RETURN NEW;", set(), ()),
    "a new value": ("NEW.mfa_secret := lock(NEW.mfa_secret); RETURN NEW;", {WRITES}, ()),
    "a new value by =": ("new.mfa_secret = 'x'; RETURN NEW;", {WRITES}, ()),
    "a new value in quotes": ('IF a THEN NEW."mfa_secret" = 1; END IF;', {WRITES}, ()),
    "a new value in capitals": ("NEW.MFA_SECRET := 'x';", {WRITES}, ()),
    "a part of it": ("NEW.mfa_secret['totp'] := '1';", {WRITES}, ()),
    "a new value by INTO": ("SELECT a, b INTO n, NEW.mfa_secret FROM x;", {WRITES}, ()),
    "a whole new row": ("NEW := jsonb_populate_record(NEW, x);", {WRITES}, ()),
    "an update of its own table": (
        "UPDATE public.users u SET seen = 1, mfa_secret = 'x' WHERE id = 1;",
        {WRITES},
        (),
    ),
    "an update of another column": ("UPDATE users SET seen = 1 WHERE id = 1;", set(), ()),
    "an update of another table": ("UPDATE others SET mfa_secret = 'x';", set(), ()),
    "another column": ("NEW.updated_at := now(); RETURN NEW;", set(), ("updated_at",)),
    "other columns, with capitals": (
        'NEW."updatedAt" = now(); SELECT 1 INTO STRICT NEW.n;',
        set(),
        ("n", "updatedAt"),
    ),
    "a column whose name only begins alike": (
        "NEW.mfa_secret_at := 1; INSERT INTO h VALUES (OLD.mfa_secret_at);",
        set(),
        ("mfa_secret_at",),
    ),
    "the old value": ("INSERT INTO h VALUES (OLD.mfa_secret);", {OLD}, ()),
    "the old value in quotes": ('INSERT INTO h VALUES (old."mfa_secret");', {OLD}, ()),
    "the old row": ("INSERT INTO h SELECT 'U', OLD.*;", {OLD}, ()),
    "the old row as JSON": ("INSERT INTO h VALUES (to_jsonb(OLD));", {OLD}, ()),
    "the old row by way of a variable": (
        "r := row_to_json(OLD); UPDATE h SET was = r WHERE id = 1;",
        {OLD},
        (),
    ),
    "the old row to what is made up": ("EXECUTE format('INSERT …') USING OLD;", {OLD}, ()),
    "the old row to another server": ("SELECT dblink_exec('c', hstore(OLD)::text);", {OLD}, ()),
    "the old value to listeners": ("PERFORM pg_notify('c', OLD.mfa_secret);", {OLD}, ()),
    "the old value to the log": ("RAISE LOG 'was %', OLD.mfa_secret;", {OLD}, ()),
    "the old value beside the new": ("NEW.past = OLD.mfa_secret;", {OLD}, ("past",)),
    "the old value if it differs": (
        "IF OLD.mfa_secret <> NEW.mfa_secret THEN INSERT INTO h VALUES (OLD.mfa_secret); END IF;",
        {OLD},
        (),
    ),
    "another old value": ("INSERT INTO h VALUES (OLD.email, 'old');", set(), ()),
    "the old row once it is deleted": (
        "IF (TG_OP = 'DELETE') THEN INSERT INTO h SELECT 'D', OLD.*;"
        " ELSIF (TG_OP = 'UPDATE') THEN INSERT INTO h SELECT 'U', NEW.*; END IF; RETURN NULL;",
        {NEW, SUPPRESSES},
        (),
    ),
    "a comparison": (
        "IF NEW.mfa_secret IS DISTINCT FROM OLD.mfa_secret THEN"
        " INSERT INTO h (id, old, new) VALUES (OLD.id, 1, 2); END IF; RETURN NEW;",
        set(),
        (),
    ),
    "a comparison of rows": (
        "IF ROW(NEW.*) IS DISTINCT FROM ROW(OLD.*) THEN PERFORM 1; END IF;",
        set(),
        (),
    ),
    "a comparison that minds NULL": (
        "IF coalesce(NEW.mfa_secret, '') = coalesce(OLD.mfa_secret, '') THEN PERFORM 1; END IF;",
        set(),
        (),
    ),
    "a comparison with nothing": (
        "IF OLD.mfa_secret IS NOT NULL AND OLD.mfa_secret <> '' THEN PERFORM ring(); END IF;",
        set(),
        (),
    ),
    "the name of an operation": (
        "IF TG_OP = 'UPDATE' THEN n := OLD.mfa_secret; END IF;",
        set(),
        (),
    ),
    "the new row": ("PERFORM pg_notify('c', row_to_json(NEW)::text); RETURN NEW;", {NEW}, ()),
    "remarks": (
        "-- NEW.mfa_secret := 1;\n/* INSERT INTO h\nSELECT OLD.* */ RETURN NEW;",
        set(),
        (),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "does", "sets"), SOURCES.values(), ids=SOURCES)
def test_a_source_tells_what_a_trigger_does(body, does, sets):
    done = deeds(f"BEGIN {body} END", "mfa_secret", ("users",))

    assert {word for word in (WRITES, OLD, NEW, SUPPRESSES) if getattr(done, word)} == does
    assert done.sets == sets


def test_a_column_whose_name_needs_quotes_is_found():
    assert deeds('BEGIN NEW."2fa ""key""" := 1; END', '2fa "key"', ("users",)).writes
    assert deeds('BEGIN PERFORM f(OLD."2fa ""key"""); END', '2fa "key"', ("users",)).copies_old


HISTORY = "CREATE TABLE history (secret text);"
COPIES = "INSERT INTO history VALUES (OLD.mfa_secret);"
COPIED = "noting: copies the old value elsewhere"


def trigger(body: str, when: str = "AFTER UPDATE ON users FOR EACH ROW", name: str = "noting"):
    return (
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN {body} RETURN NEW; END $$;"
        f"CREATE TRIGGER {name} {when} EXECUTE FUNCTION {name}();"
    )


OLD_TABLE = "AFTER UPDATE ON users REFERENCING OLD TABLE AS was FOR EACH STATEMENT"
BEFORE = "BEFORE UPDATE ON users FOR EACH ROW"
COPYING = HISTORY + trigger(COPIES)
ALWAYS = "ALTER TABLE users ENABLE ALWAYS TRIGGER noting;"
REPLICA = "ALTER TABLE users ENABLE REPLICA TRIGGER noting;"
SKIP, FIRE = {"triggers": "skip"}, {"triggers": "fire"}

# What is arranged, how the field is described, and what the check says.
JUDGED = {
    "one that writes the column": (
        trigger("NEW.mfa_secret := 'x';", BEFORE), {}, Verdict.REFUSE,
        "noting: writes the column itself",
    ),
    "one that writes the column, let": (
        trigger("NEW.mfa_secret := 'x';", BEFORE), FIRE, Verdict.REFUSE,
        "noting: writes the column itself",
    ),
    "one that copies": (COPYING, {}, Verdict.REFUSE, COPIED),
    "one that copies, let": (COPYING, FIRE, Verdict.WARN, COPIED),
    "one that copies, skipped": (COPYING, SKIP, Verdict.OK, "skipped: noting"),
    "one that copies always, skipped": (COPYING + ALWAYS, SKIP, Verdict.REFUSE, COPIED),
    "one that copies in a replica, skipped": (COPYING + REPLICA, SKIP, Verdict.REFUSE, COPIED),
    "one that copies in a replica": (COPYING + REPLICA, {}, Verdict.OK, "none"),
    "one that copies, disabled": (
        COPYING + "ALTER TABLE users DISABLE TRIGGER noting;", {}, Verdict.OK, "none",
    ),
    "one that copies the old table": (
        HISTORY + trigger("INSERT INTO history SELECT mfa_secret FROM was;", OLD_TABLE),
        {}, Verdict.REFUSE, COPIED,
    ),
    "one for each statement, which has no old row": (
        HISTORY + trigger(COPIES, "AFTER UPDATE ON users"), {}, Verdict.WARN, "noting: fires",
    ),
    "one that sets other columns": (
        trigger("NEW.last_login := now();", BEFORE), {}, Verdict.WARN, "noting: sets last_login",
    ),
    "one that may keep the row": (
        trigger("IF false THEN RETURN NULL; END IF;", BEFORE), {}, Verdict.WARN,
        "noting: can keep a row from being written",
    ),
    "one in C": (
        f"CREATE TRIGGER noting {BEFORE} EXECUTE FUNCTION suppress_redundant_updates_trigger();",
        {}, Verdict.WARN, "noting: source not readable",
    ),
    "one for enrolment only": (
        HISTORY + trigger(COPIES, "AFTER INSERT ON users FOR EACH ROW"), {}, Verdict.OK, "none",
    ),
    "one for another column": (
        HISTORY + trigger(COPIES, "AFTER UPDATE OF email ON users FOR EACH ROW"),
        {}, Verdict.OK, "none",
    ),
    "one when another column changes": (
        HISTORY + trigger(COPIES, "AFTER UPDATE ON users FOR EACH ROW WHEN"
                          " (OLD.email IS DISTINCT FROM NEW.email"
                          " OR OLD.last_login IS DISTINCT FROM NEW.last_login)"),
        {}, Verdict.OK, "none",
    ),
    "one when the secret changes": (
        HISTORY + trigger(COPIES, "AFTER UPDATE ON users FOR EACH ROW WHEN"
                          " (OLD.email IS DISTINCT FROM NEW.email"
                          " OR OLD.mfa_secret IS DISTINCT FROM NEW.mfa_secret)"),
        {}, Verdict.REFUSE, COPIED,
    ),
    "one when a column changes that another trigger sets": (
        HISTORY + trigger(COPIES, "AFTER UPDATE ON users FOR EACH ROW WHEN"
                          " (OLD.last_login IS DISTINCT FROM NEW.last_login)")
        + trigger("NEW.last_login := now();", BEFORE, "touching"),
        {}, Verdict.REFUSE, f"{COPIED}; touching: sets last_login",
    ),
    "an internal one": (
        "CREATE TABLE devices (user_id bigint REFERENCES users ON UPDATE CASCADE);",
        {}, Verdict.OK, "none",
    ),
    "one that is ours": (
        trigger("NEW.mfa_secret := 'x';", BEFORE, "reseal_shield"), {}, Verdict.OK, "none",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "words", "verdict", "value"), JUDGED.values(), ids=JUDGED)
def test_a_trigger_of_the_table_is_judged(statements, words, verdict, value, access, admin):
    admin.execute(FILL)
    admin.execute(statements)
    config = parse_config({"field": [USERS_FIELD | words]})

    check = found(look(replace(access, config=config)), "table: triggers")

    assert (check.verdict, check.value) == (verdict, value)


def test_the_remedy_of_a_copying_trigger_names_the_setting(access, admin):
    admin.execute(COPYING)

    assert 'triggers = "skip" in reseal.toml' in found(look(access), "table: triggers").remedy


def test_a_trigger_that_cannot_be_skipped_is_said_to_be_enabled_otherwise(access, admin):
    admin.execute(COPYING + ALWAYS)
    config = parse_config({"field": [USERS_FIELD | SKIP]})

    remedy = found(look(replace(access, config=config)), "table: triggers").remedy

    assert "ENABLE ALWAYS" in remedy


PARTITIONED = """
DROP TABLE users;
CREATE TABLE users (id bigint PRIMARY KEY, mfa_secret text) PARTITION BY RANGE (id);
CREATE TABLE low (mfa_secret text, id bigint NOT NULL);
CREATE TABLE high (note text, id bigint NOT NULL, mfa_secret text);
ALTER TABLE high DROP note;
ALTER TABLE users ATTACH PARTITION low FOR VALUES FROM (0) TO (100);
ALTER TABLE users ATTACH PARTITION high FOR VALUES FROM (100) TO (200);
CREATE TABLE history (secret text);
"""


def test_a_trigger_of_a_partitioned_table_is_said_once(access, admin):
    admin.execute(PARTITIONED + trigger(COPIES, "AFTER UPDATE OF mfa_secret ON users FOR EACH ROW"))

    assert found(look(access), "table: triggers").value == COPIED


def test_a_trigger_of_one_partition_is_found_whatever_number_the_column_has_there(access, admin):
    admin.execute(PARTITIONED + trigger(COPIES, "AFTER UPDATE OF mfa_secret ON high FOR EACH ROW"))

    check = found(look(access), "table: triggers")

    assert check.verdict is Verdict.REFUSE
    assert check.value == "noting on high: copies the old value elsewhere"


def test_a_statement_trigger_of_a_partitioned_table_does_not_fire(access, admin):
    admin.execute(PARTITIONED + trigger("PERFORM 1;", "AFTER UPDATE ON users"))

    assert found(look(access), "table: triggers").verdict is Verdict.OK
