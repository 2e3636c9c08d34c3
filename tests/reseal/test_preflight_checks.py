"""One table of cases: what is arranged in the database, and which check says what of it."""

from dataclasses import replace

import pytest

from reseal.envelope import write
from reseal.preflight import Verdict
from reseal.store import data_key
from tests.reseal.test_preflight import FILL, PLAN, found, look

SHORT = "ALTER TABLE users ALTER mfa_secret TYPE varchar(40)"

TRIGGER = """
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NEW; END $$;
CREATE TRIGGER noting AFTER {events} ON users FOR EACH ROW EXECUTE FUNCTION noted()
"""

MANY = """
INSERT INTO users (email, mfa_secret) SELECT n || '@example.org', 'JBSWY3DPEHPK3PXP'
FROM generate_series(1, 1080) AS n;
"""

SETTING = """
DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {} = {}', current_database()); END $$
"""

COPIES = "INSERT INTO history VALUES (OLD.mfa_secret);"

REFUSED = {
    "a table that is not there": ("DROP TABLE users", "field: table"),
    "a view in the table's place": (
        "ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people",
        "field: table",
    ),
    "a column that is not there": ("ALTER TABLE users DROP mfa_secret", "field: column"),
    "a column of integers": (
        "ALTER TABLE users DROP mfa_secret, ADD mfa_secret integer",
        "field: type",
    ),
    "a table without a key": ("ALTER TABLE users DROP CONSTRAINT users_pkey", "field: key"),
    "a rule on the table": (
        "CREATE RULE diverted AS ON UPDATE TO users DO INSTEAD NOTHING",
        "table: rules",
    ),
    "a trigger that copies the old value": (
        "CREATE TABLE history (secret text);" + TRIGGER.format(body=COPIES, events="UPDATE"),
        "table: triggers",
    ),
    "a CHECK of the length": (
        "ALTER TABLE users ADD CHECK (length(mfa_secret) = 16)",
        "column: checks",
    ),
    "a CHECK with a pattern": (
        "ALTER TABLE users ADD CHECK (mfa_secret LIKE 'JBSW%%')",
        "column: checks",
    ),
    "a CHECK of the alphabet": (
        "ALTER TABLE users ADD CHECK (mfa_secret ~ '^[A-Z2-7]+$')",
        "column: checks",
    ),
    "a CHECK that fails on envelopes": (
        "ALTER TABLE users ADD CHECK (mfa_secret::json IS NOT NULL) NOT VALID",
        "column: checks",
    ),
    "a CHECK that only some rows would break": (
        "ALTER TABLE users ADD CHECK (id < 20 OR length(mfa_secret) < 40)",
        "column: checks",
    ),
    "a UNIQUE constraint": (
        "UPDATE users SET mfa_secret = NULL; ALTER TABLE users ADD UNIQUE (mfa_secret)",
        "column: unique",
    ),
    "a unique index over several columns": (
        "CREATE UNIQUE INDEX ON users (email, mfa_secret)",
        "column: unique",
    ),
    "a unique index over an expression": (
        "CREATE UNIQUE INDEX ON users (email, lower(mfa_secret))",
        "column: unique",
    ),
    "a foreign key from the column": (
        "CREATE TABLE known (secret text PRIMARY KEY); INSERT INTO known SELECT mfa_secret"
        " FROM users LIMIT 1;"
        "ALTER TABLE users ADD FOREIGN KEY (mfa_secret) REFERENCES known",
        "column: foreign keys",
    ),
    "a generated column": (
        "ALTER TABLE users ADD made text GENERATED ALWAYS AS (lower(mfa_secret)) STORED",
        "column: generated",
    ),
    "a short column with a view": (
        SHORT + "; CREATE VIEW shown AS SELECT mfa_secret FROM users",
        "column: room",
    ),
    "a short column with a policy": (
        SHORT + "; CREATE POLICY mine ON users USING (mfa_secret IS NOT NULL)",
        "column: room",
    ),
    "a short column with a trigger on it": (
        SHORT + ";" + TRIGGER.format(body="", events="UPDATE OF mfa_secret"),
        "column: room",
    ),
    "mostly values of another format": (
        "UPDATE users SET mfa_secret = 'not base32!' WHERE id < 15",
        "content: format",
    ),
    "envelopes under an unknown key": (
        f"UPDATE users SET mfa_secret = '{write(7, bytes(12), bytes(16), b'x')}' WHERE id = 1",
        "content: key versions",
    ),
    "rows that the statistics know and the census does not see": (
        "ANALYZE users; DELETE FROM users",
        "content: rows",
    ),
    "less than half of the many rows that the statistics know": (
        MANY + "ANALYZE users; DELETE FROM users WHERE id > 400",
        "content: rows",
    ),
}

WARNED = {
    "a short column": (SHORT, "column: room"),
    "an index over the secret": ("CREATE INDEX ON users (mfa_secret)", "column: indexes"),
    "a partial index of the secret": (
        "CREATE UNIQUE INDEX ON users (email) WHERE mfa_secret IS NOT NULL",
        "column: indexes",
    ),
    "a view that shows the secret": (
        "CREATE VIEW shown AS SELECT id, mfa_secret FROM users",
        "column: views",
    ),
    "a trigger that fires on the column": (
        TRIGGER.format(body="", events="UPDATE"),
        "table: triggers",
    ),
    "a rule for new rows": (
        "CREATE RULE diverted AS ON INSERT TO users DO INSTEAD NOTHING",
        "table: rules",
    ),
    "a child of the table": ("CREATE TABLE child () INHERITS (users)", "table: inheritance"),
    "a parent of the table": (
        "CREATE TABLE parent (email text); ALTER TABLE users ALTER email DROP NOT NULL;"
        "ALTER TABLE users INHERIT parent",
        "table: inheritance",
    ),
    "a publication": ("CREATE PUBLICATION everything FOR TABLE users", "table: publications"),
    "values that another library encrypted": (
        "UPDATE users SET mfa_secret = 'vault:v1:abc' WHERE id = 1",
        "content: foreign",
    ),
    "a few values of another format": (
        "UPDATE users SET mfa_secret = 'not base32!' WHERE id = 1",
        "content: unrecognised",
    ),
    "an empty table": ("DELETE FROM users", "content: rows"),
    "no secret at all": ("UPDATE users SET mfa_secret = NULL", "content: work"),
    "statements in the log": (SETTING.format("log_statement", "mod"), "server: statement log"),
    "slow statements in the log": (
        SETTING.format("log_min_duration_statement", "500"),
        "server: statement log",
    ),
}

ACCEPTED = {
    "fewer rows than the statistics know of a small table": (
        "ANALYZE users; DELETE FROM users WHERE id > 5",
        "content: rows",
    ),
    "more than half of the rows that the statistics know": (
        MANY + "ANALYZE users; DELETE FROM users WHERE id > 600",
        "content: rows",
    ),
    "a rule that is disabled": (
        "CREATE RULE diverted AS ON UPDATE TO users DO INSTEAD NOTHING;"
        "ALTER TABLE users DISABLE RULE diverted",
        "table: rules",
    ),
    "a CHECK that envelopes pass": (
        "ALTER TABLE users ADD CHECK (NOT mfa_enabled OR mfa_secret IS NOT NULL)",
        "column: checks",
    ),
    "a CHECK with a pattern that envelopes pass": (
        "ALTER TABLE users ADD CHECK (mfa_secret LIKE '%%') NOT VALID",
        "column: checks",
    ),
    "a column that is long enough": (
        "ALTER TABLE users ALTER mfa_secret TYPE varchar(255);"
        "CREATE VIEW shown AS SELECT mfa_secret FROM users",
        "column: room",
    ),
    "a trigger on another column": (
        TRIGGER.format(body="", events="UPDATE OF email"),
        "table: triggers",
    ),
    "a trigger on enrolment only": (TRIGGER.format(body="", events="INSERT"), "table: triggers"),
    "a generated column of something else": (
        "ALTER TABLE users ADD made text GENERATED ALWAYS AS (lower(email)) STORED",
        "column: generated",
    ),
    "a view without the secret": ("CREATE VIEW shown AS SELECT id FROM users", "column: views"),
    "slow statements without parameters in the log": (
        SETTING.format("log_min_duration_statement", "500")
        + ";"
        + SETTING.format("log_parameter_max_length", "0"),
        "server: statement log",
    ),
}

CASES = [
    pytest.param(statements, name, verdict, id=f"{verdict} - {sentence}")
    for verdict, cases in (
        (Verdict.REFUSE, REFUSED),
        (Verdict.WARN, WARNED),
        (Verdict.OK, ACCEPTED),
    )
    for sentence, (statements, name) in cases.items()
]


@pytest.mark.parametrize(("statements", "name", "verdict"), CASES)
def test_what_stands_in_the_database_is_judged(statements, name, verdict, access, admin):
    admin.execute(FILL)
    admin.execute(statements)

    check = found(look(access), name)

    assert (check.verdict, bool(check.remedy)) == (verdict, verdict is not Verdict.OK)


def test_an_expired_key_is_a_warning(access, admin, store):
    admin.execute("UPDATE reseal.data_key SET expires = now() - interval '1 day'")

    assert found(look(access), "keys: expiry").verdict is Verdict.WARN


def test_a_key_that_has_sealed_enough_is_refused(access, admin, store):
    admin.execute("INSERT INTO reseal.key_use (version, seals) VALUES (1, 2147483648)")

    assert found(look(access), "keys: seals").verdict is Verdict.REFUSE


def test_a_rotation_is_not_refused_for_what_it_mends(access, admin, store):
    admin.execute("INSERT INTO reseal.key_use (version, seals) VALUES (1, 2147483648)")
    admin.execute("UPDATE reseal.data_key SET expires = now()")
    report = look(access, replace(PLAN, rotates=True))

    assert found(report, "keys: seals").verdict is Verdict.WARN
    assert found(report, "keys: expiry").verdict is Verdict.OK


def test_data_keys_that_do_not_match_their_check_value_are_refused(access, admin, store):
    admin.execute("UPDATE reseal.data_key SET check_value = '\\x00'")

    assert found(look(access), "keys: keyring").verdict is Verdict.REFUSE


def test_an_application_that_writes_plaintext_is_a_warning(access, admin, store):
    admin.execute("INSERT INTO reseal.reader VALUES ('web-1', '0.1', '[1]', false, 'tolerant')")

    check = found(look(access), "runners: readers")

    assert (check.verdict, check.value) == (Verdict.WARN, "1 live, 1 write plaintext")


@pytest.mark.parametrize(("rotates", "verdict"), [(False, Verdict.REFUSE), (True, Verdict.WARN)])
def test_nothing_more_is_sealed_under_a_compromised_key(access, store, rotates, verdict):
    data_key.mark_compromised(store, 1)

    check = found(look(access, replace(PLAN, rotates=rotates)), "keys: trusted")
    assert (check.verdict, check.value) == (verdict, "key 1 was compromised")
