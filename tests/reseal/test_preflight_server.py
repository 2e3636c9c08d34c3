"""Checks of the server: arranged where a test can arrange it, else told in the server's stead."""

import psycopg
import pytest

from reseal.preflight import Verdict, activity, server
from tests.reseal.test_preflight import found, look

# What a server shows that no test can bring about on the one it shares with others.
SHOWN = {
    "an old version": (
        server, "VERSION", "SELECT 130012, '13.12'", "server: version", Verdict.REFUSE,
    ),
    "a standby": (server, "WRITABLE", "SELECT true, true", "server: writable", Verdict.REFUSE),
    "SQL_ASCII": (server, "ENCODING", "SELECT 'SQL_ASCII'", "server: encoding", Verdict.REFUSE),
    "LATIN1": (server, "ENCODING", "SELECT 'LATIN1'", "server: encoding", Verdict.WARN),
    "fsync off": (server, "UNSAFE", "SELECT 'fsync'", "server: durable", Verdict.WARN),
    "no connection free": (
        server, "CONNECTIONS", "SELECT 97, 96", "server: connections", Verdict.REFUSE,
    ),
    "few connections free": (
        server, "CONNECTIONS", "SELECT 97, 90", "server: connections", Verdict.WARN,
    ),
    "another backend than at the start": (
        server, "BACKEND", "SELECT 1, 'reseal preflight'", "server: pooler", Verdict.WARN,
    ),
    "a backend a statement": (
        server, "BACKEND", "SELECT (random() * 1e9)::int, ''", "server: pooler", Verdict.WARN,
    ),
    "a clock that is ahead": (
        server, "CLOCK", "SELECT clock_timestamp() + interval '1 min'", "server: clock",
        Verdict.WARN,
    ),
    "a data directory that is not here": (
        server, "DATA_DIRECTORY", "SELECT '/nowhere/data'", "server: disk", Verdict.UNKNOWN,
    ),
    "an archiver that fails": (
        activity, "ARCHIVE", "SELECT 'replica', 'on', 7, true", "server: archive", Verdict.WARN,
    ),
    "auto_explain": (
        activity, "SETTINGS",
        "VALUES ('log_statement', 'none'), ('auto_explain.log_min_duration', '0')",
        "server: extension logs", Verdict.WARN,
    ),
    "pgaudit": (
        activity, "SETTINGS", "VALUES ('log_statement', 'none'), ('pgaudit.log', 'write')",
        "server: extension logs", Verdict.WARN,
    ),
    "a forgotten prepared transaction": (
        activity, "PREPARED", "SELECT 1, 3600", "server: prepared", Verdict.WARN,
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("module", "statement", "instead", "name", "verdict"), SHOWN.values(), ids=SHOWN
)
def test_what_the_server_shows_is_judged(
    module, statement, instead, name, verdict, access, monkeypatch
):
    monkeypatch.setattr(module, statement, instead)

    assert found(look(access), name).verdict is verdict


@pytest.mark.parametrize(
    ("free", "verdict"), [(0, Verdict.REFUSE), (30_000, Verdict.WARN), (10**9, Verdict.OK)]
)
def test_the_disk_must_hold_what_the_run_is_expected_to_write(
    free, verdict, access, admin, monkeypatch
):
    admin.execute(
        "INSERT INTO users (email, mfa_secret) SELECT n, 'JBSWY3DPEHPK3PXP'"
        " FROM generate_series(1, 12) AS n"
    )
    monkeypatch.setattr(server, "_free", lambda store: free)

    assert found(look(access), "server: disk").verdict is verdict


def test_a_replication_slot_that_nobody_reads_is_a_warning(access, admin):
    admin.execute("SELECT pg_create_physical_replication_slot('reseal_idle', true)")
    try:
        check = found(look(access), "server: slots")
    finally:
        admin.execute("SELECT pg_drop_replication_slot('reseal_idle')")

    assert check.verdict is Verdict.WARN
    assert "reseal_idle" in check.value


def test_an_old_transaction_is_a_warning_that_names_its_pid(access, admin, database, monkeypatch):
    monkeypatch.setattr(activity, "LONG_SECONDS", -1)
    with psycopg.connect(database) as old:
        old.execute("SELECT 1")
        check = found(look(access), "server: transactions")

        assert check.verdict is Verdict.WARN
        assert check.value == f"pid {old.info.backend_pid} for 0 min"


@pytest.mark.parametrize("table", ["reader", "backup", "event"])
def test_a_run_is_refused_where_a_table_of_reseals_own_is_gone(scene, table):
    assert found(look(scene.access), "runners: tables").verdict is Verdict.OK
    scene.admin.execute(f"DROP TABLE reseal.{table} CASCADE".encode())

    said = found(look(scene.access), "runners: tables")
    assert (said.verdict, said.value) == (Verdict.REFUSE, f"{table} gone")
