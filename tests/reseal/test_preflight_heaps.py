"""Tables of several heaps: the verdict on partitions, of heirs, and of each one's rights."""

from dataclasses import replace
from uuid import uuid4

import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from reseal.config import parse_config
from reseal.preflight import Verdict
from tests.conftest import USERS_FIELD
from tests.reseal.test_preflight import found, look
from tests.reseal.test_preflight_triggers import SKIP

# In each partition the column has another number, and one is reached by way of another.
PARTITIONS = """
DROP TABLE users;
CREATE TABLE users (id bigint PRIMARY KEY, mfa_secret {type}) PARTITION BY RANGE (id);
CREATE TABLE low (mfa_secret {type}, id bigint NOT NULL);
CREATE TABLE middle (note text, id bigint NOT NULL, mfa_secret {type}) PARTITION BY RANGE (id);
ALTER TABLE middle DROP note;
ALTER TABLE users ATTACH PARTITION low FOR VALUES FROM (0) TO (100);
ALTER TABLE users ATTACH PARTITION middle FOR VALUES FROM (100) TO (200);
CREATE TABLE high PARTITION OF middle FOR VALUES FROM (100) TO (200);
INSERT INTO users SELECT n, 'JBSWY3DPEHPK3PXP' FROM generate_series(90, 110) AS n;
"""

HEIRS = """
DROP TABLE users;
CREATE TABLE users (id bigint PRIMARY KEY, mfa_secret {type});
CREATE TABLE admins (note text) INHERITS (users);
INSERT INTO users SELECT n, 'JBSWY3DPEHPK3PXP' FROM generate_series(1, 20) AS n;
INSERT INTO admins SELECT n, 'JBSWY3DPEHPK3PXP' FROM generate_series(21, 40) AS n;
"""

TEXT = PARTITIONS.format(type="text")
SHORT = PARTITIONS.format(type="varchar(40)")
HEIRS_TEXT = HEIRS.format(type="text")
HEIRS_SHORT = HEIRS.format(type="varchar(40)")

# What is arranged, the check, its verdict, and what its value or remedy says.
CASES = {
    "partitions": (TEXT, "table: inheritance", Verdict.OK, "2 partitions"),
    "heirs": (HEIRS_TEXT, "table: inheritance", Verdict.WARN, "1 tables inherit from it"),
    "heirs with a key that the table has too": (
        HEIRS_TEXT + "UPDATE admins SET id = id - 20 WHERE id < 24",
        "table: inheritance", Verdict.REFUSE, "3 keys are not of one row alone",
    ),
    "heirs with one key twice": (
        HEIRS_TEXT + "UPDATE admins SET id = 40", "table: inheritance", Verdict.REFUSE, "1 keys",
    ),
    "a parent": (
        TEXT.replace("DROP TABLE users", "ALTER TABLE users RENAME TO people")
        + "DROP TABLE users; CREATE TABLE users () INHERITS (people);"
        "ALTER TABLE users ADD PRIMARY KEY (id); INSERT INTO users VALUES (1, 'JBSWY3DPEHPK3PXP')",
        "table: inheritance", Verdict.WARN, "it inherits from people",
    ),
    "a rule on a partition": (
        TEXT + "CREATE RULE diverted AS ON UPDATE TO high DO INSTEAD NOTHING",
        "table: rules", Verdict.REFUSE, "diverted on high",
    ),
    "a publication of a partition": (
        TEXT + "CREATE PUBLICATION part FOR TABLE high",
        "table: publications", Verdict.WARN, "part",
    ),
    "a short column": (SHORT, "column: room", Verdict.WARN, "40 characters"),
    "a short column with a view of a partition": (
        SHORT + "CREATE VIEW shown AS SELECT mfa_secret FROM low",
        "column: room", Verdict.REFUSE, "on view shown",
    ),
    "a short column with a view of a partitioned partition": (
        SHORT + "CREATE VIEW shown AS SELECT mfa_secret FROM middle",
        "column: room", Verdict.REFUSE, "on view shown",
    ),
    "a short column with heirs": (HEIRS_SHORT, "column: room", Verdict.WARN, "40 characters"),
    "a short column that an heir has from another table too": (
        HEIRS_SHORT + "CREATE TABLE staff (mfa_secret varchar(40));"
        "ALTER TABLE admins INHERIT staff",
        "column: room", Verdict.REFUSE, "staff",
    ),
    "a CHECK on a partition": (
        TEXT + "ALTER TABLE high ADD CONSTRAINT brief CHECK (length(mfa_secret) < 40)",
        "column: checks", Verdict.REFUSE, "brief of public.high (rejects 11 of 11 rows",
    ),
    "a CHECK on a partitioned partition": (
        TEXT + "ALTER TABLE middle ADD CONSTRAINT brief CHECK (length(mfa_secret) < 40)",
        "column: checks", Verdict.REFUSE, "brief of public.middle (rejects 11 of 11 rows",
    ),
    "a CHECK on the table": (
        TEXT + "ALTER TABLE users ADD CONSTRAINT brief CHECK (length(mfa_secret) < 40)",
        "column: checks", Verdict.REFUSE, "brief (rejects 21 of 21 rows",
    ),
    "a CHECK that its heirs need not meet": (
        HEIRS_TEXT + "ALTER TABLE users ADD CONSTRAINT brief"
        " CHECK (length(mfa_secret) < 40) NO INHERIT",
        "column: checks", Verdict.REFUSE, "brief (rejects 20 of 20 rows",
    ),
    "a CHECK on a partition without rows": (
        TEXT + "DELETE FROM high;"
        "ALTER TABLE high ADD CONSTRAINT brief CHECK (length(mfa_secret) < 40)",
        "column: checks", Verdict.WARN, "brief of public.high has no row",
    ),
    "a unique index on a partition": (
        TEXT + "UPDATE users SET mfa_secret = NULL; CREATE UNIQUE INDEX lone ON high (mfa_secret)",
        "column: unique", Verdict.REFUSE, "lone",
    ),
    "an index of a partition": (
        TEXT + "CREATE INDEX one ON high (mfa_secret)", "column: indexes", Verdict.WARN, "one",
    ),
    "a view of a partition": (
        TEXT + "CREATE VIEW shown AS SELECT * FROM high", "column: views", Verdict.WARN, "shown",
    ),
    "a generated column of a heir": (
        HEIRS_TEXT
        + "ALTER TABLE admins ADD made text GENERATED ALWAYS AS (lower(mfa_secret)) STORED",
        "column: generated", Verdict.REFUSE, "made",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "name", "verdict", "words"), CASES.values(), ids=CASES)
def test_each_heap_of_a_table_is_judged(statements, name, verdict, words, access, admin):
    admin.execute(statements)

    check = found(look(access), name)

    assert check.verdict is verdict
    assert words in f"{check.value}; {check.remedy}"


def test_an_index_of_a_partitioned_table_is_said_once(access, admin):
    admin.execute(TEXT + "CREATE INDEX everywhere ON users (mfa_secret)")

    assert found(look(access), "column: indexes").value == "everywhere"


def test_a_check_of_a_partitioned_table_is_said_once(access, admin):
    admin.execute(TEXT + "ALTER TABLE users ADD CONSTRAINT filled CHECK (mfa_secret <> '')")

    assert found(look(access), "column: checks").value == "filled accepts envelopes"


def test_a_good_partitioned_table_is_found_good(access, admin):
    admin.execute(TEXT)

    bad = [c for c in look(access).checks if c.verdict is not Verdict.OK and c.field]

    assert bad == []


@pytest.fixture
def limited(admin, access):
    """A role that may do all that a run needs on both partitions, and an access as that role."""
    admin.execute(TEXT)
    name = f"reseal_limited_{uuid4().hex[:8]}"
    role = sql.Identifier(name)
    admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'limited'").format(role))
    for table in ("users", "low", "middle", "high"):
        admin.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(sql.Identifier(table), role))
    url = make_conninfo(access.url, user=name, password="limited")
    yield name, replace(access, url=url)
    admin.execute(sql.SQL("DROP OWNED BY {}; DROP ROLE {}").format(role, role))


# What is taken from the role, the check that sees it, and what its value or remedy says.
TAKEN = {
    "nothing": ("", "rights: read", Verdict.OK, "reseal_limited"),
    "reading a partition": (
        "REVOKE SELECT ON high FROM {0}", "rights: read", Verdict.REFUSE,
        "GRANT SELECT ON public.high TO {0}",
    ),
    "reading but some columns of a partition, so that no version of a row is seen": (
        "REVOKE SELECT ON high FROM {0}; GRANT SELECT (id, mfa_secret) ON high TO {0}",
        "rights: read", Verdict.REFUSE, "GRANT SELECT ON public.high TO {0}",
    ),
    "updating a partition": (
        "REVOKE UPDATE ON low FROM {0}", "rights: update", Verdict.REFUSE,
        "GRANT UPDATE ON public.low TO {0}",
    ),
    "updating the table itself, which no run does": (
        "REVOKE UPDATE ON users FROM {0}", "rights: update", Verdict.OK, "reseal_limited",
    ),
    "owning a partition": (
        "ALTER TABLE high OWNER TO postgres; GRANT ALL ON high TO {0}",
        "rights: owner", Verdict.REFUSE, "owns public.high",
    ),
    "owning a partitioned partition": (
        "ALTER TABLE middle OWNER TO postgres; GRANT ALL ON middle TO {0}",
        "rights: owner", Verdict.REFUSE, "owns public.middle",
    ),
    "seeing all rows of a partition": (
        "ALTER TABLE high ENABLE ROW LEVEL SECURITY; ALTER TABLE high OWNER TO postgres;"
        "GRANT ALL ON high TO {0}",
        "rights: row security", Verdict.REFUSE, "policies of public.high",
    ),
    "the owner's own bypass": (
        "ALTER TABLE users ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
        "rights: row security", Verdict.REFUSE, "NO FORCE ROW LEVEL SECURITY",
    ),
    "no bypass of policies": (
        "ALTER TABLE high ENABLE ROW LEVEL SECURITY",
        "rights: row security", Verdict.OK, "bypassed",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statements", "name", "verdict", "words"), TAKEN.values(), ids=TAKEN)
def test_a_right_that_is_missing_on_a_heap_is_named(
    statements, name, verdict, words, limited, admin
):
    role, access = limited
    owner = admin.info.user
    admin.execute(statements.replace("postgres", f'"{owner}"').replace("{0}", role))

    check = found(look(access), name)

    assert check.verdict is verdict
    assert words.replace("{0}", role) in f"{check.value}; {check.remedy}"


def test_skipping_triggers_takes_a_right_that_can_be_granted(limited, admin):
    role, access = limited
    skipping = replace(access, config=parse_config({"field": [USERS_FIELD | SKIP]}))

    check = found(look(skipping), "rights: triggers")
    assert check.verdict is Verdict.REFUSE
    assert f"GRANT SET ON PARAMETER session_replication_role TO {role}" in check.remedy
    assert found(look(access), "rights: triggers").value == "not needed"

    admin.execute(
        sql.SQL("GRANT SET ON PARAMETER session_replication_role TO {}").format(
            sql.Identifier(role)
        )
    )
    assert found(look(skipping), "rights: triggers").verdict is Verdict.OK


def test_a_superuser_may_skip_triggers(access):
    skipping = replace(access, config=parse_config({"field": [USERS_FIELD | SKIP]}))

    assert found(look(skipping), "rights: triggers").verdict is Verdict.OK
