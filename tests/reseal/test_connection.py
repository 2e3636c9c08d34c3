"""What the database refuses comes out as a StoreError that holds no row."""

import pickle
import traceback
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from uuid import uuid4

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reseal.errors import ConnectionLost, RowRefused, StoreError, Transient, Unreachable
from reseal.store.connection import Connection
from reseal.store.store import Store
from tests.conftest import SENTINEL, url_of


def whole(error: BaseException) -> str:
    """Everything that a log could show of an error."""
    seen = [str(error), repr(error), repr(error.args), repr(vars(error))]
    return "\n".join([*seen, *traceback.format_exception(error)])


@pytest.fixture
def bare(server) -> Iterator[Store]:
    """A store where no table is needed."""
    with Connection.open(server, "test") as connection:
        yield Store(connection)


# Each makes the server, or the driver, speak of the row that holds SENTINEL.
LEAKY = {
    "check": (
        "ALTER TABLE users ADD CONSTRAINT short CHECK (length(mfa_secret) < 9) NOT VALID",
        "UPDATE users SET mfa_enabled = false",
        RowRefused, "23514", "short",
    ),
    "unique": (
        "CREATE UNIQUE INDEX one_secret ON users (mfa_secret)",
        "INSERT INTO users (email, mfa_secret) SELECT 'b', mfa_secret FROM users",
        RowRefused, "23505", "one_secret",
    ),
    "not null": (
        "ALTER TABLE users ALTER email SET NOT NULL",
        "UPDATE users SET email = NULL",
        RowRefused, "23502", None,
    ),
    "cast": (
        "SELECT 1",
        "SELECT mfa_secret::int FROM users",
        RowRefused, "22P02", None,
    ),
    "raise": (
        "CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'row %', OLD; END $$;"
        "CREATE TRIGGER tell BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION tell()",
        "UPDATE users SET mfa_enabled = false",
        RowRefused, "P0001", None,
    ),
    "too long": (
        "ALTER TABLE users ADD short varchar(5)",
        "UPDATE users SET short = mfa_secret",
        RowRefused, "22001", None,
    ),
    "foreign key": (
        "CREATE TABLE other (s text PRIMARY KEY)",
        "ALTER TABLE users ADD CONSTRAINT known FOREIGN KEY (mfa_secret) REFERENCES other",
        RowRefused, "23503", "known",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("arrange", "act", "kind", "state", "constraint"), LEAKY.values(), ids=LEAKY
)
def test_an_error_carries_the_state_and_the_constraint_but_no_row(
    store, admin, arrange, act, kind, state, constraint
):
    admin.execute("INSERT INTO users (email, mfa_secret) VALUES ('a', %s)", [SENTINEL])
    admin.execute(arrange.encode())

    with pytest.raises(StoreError) as caught:
        store.execute(act)
    error = caught.value
    assert type(error) is kind
    assert (error.sqlstate, error.constraint) == (state, constraint)
    assert state in str(error)
    assert SENTINEL not in whole(error)
    assert error.__cause__ is None
    assert error.__context__ is None


def test_the_driver_alone_would_have_shown_the_row(admin):
    """What the test above proves would be nothing if the server did not tell."""
    admin.execute("INSERT INTO users (email, mfa_secret) VALUES ('a', %s)", [SENTINEL])
    admin.execute(LEAKY["check"][0].encode())

    with pytest.raises(psycopg.Error) as caught:
        admin.execute(LEAKY["check"][1].encode())
    assert SENTINEL in str(caught.value)


def test_an_error_in_a_transaction_in_a_copy_or_in_a_stream_carries_no_row(store, admin):
    admin.execute("CREATE TABLE numbers (n int)")
    admin.execute("INSERT INTO users (email, mfa_secret) VALUES ('a', %s)", [SENTINEL])
    cursor = store.connection.cursor()

    def copy() -> None:
        with cursor.copy("COPY numbers FROM STDIN") as into:
            into.write_row((SENTINEL,))

    def stream() -> None:
        with store.transaction(), store.connection.cursor(name="c") as named:
            named.execute("SELECT mfa_secret::int FROM users").fetchmany(10)

    def many() -> None:
        cursor.executemany("INSERT INTO numbers VALUES (%s::text::int)", [("1",), (SENTINEL,)])

    for act in (copy, stream, many):
        with pytest.raises(RowRefused) as caught:
            act()
        assert caught.value.sqlstate == "22P02"
        assert SENTINEL not in whole(caught.value)


@pytest.mark.parametrize(
    ("statement", "parameters"),
    [("SELECT %s::text", ["\0" + SENTINEL]), ("SELECT %s, %s", [SENTINEL]), ("SELECT %x", [1])],
)
def test_what_the_driver_itself_refuses_is_no_lost_connection(bare, statement, parameters):
    with pytest.raises(StoreError, match="cannot be sent") as caught:
        bare.execute(statement, parameters)

    assert not isinstance(caught.value, Transient)
    assert SENTINEL not in whole(caught.value)
    assert bare.need("SELECT 1") == (1,)


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("55P03", Transient),
        ("40P01", Transient),
        ("40001", Transient),
        ("57014", Transient),
        ("53300", Transient),
        ("57P01", ConnectionLost),
        ("08006", ConnectionLost),
        ("23514", RowRefused),
        ("P0001", RowRefused),
        ("45000", RowRefused),
        ("27000", RowRefused),
        ("54000", RowRefused),
        ("0A000", StoreError),
        ("42501", StoreError),
        ("XX000", StoreError),
        ("53100", StoreError),
    ],
)
def test_the_state_tells_what_to_do_about_it(bare, state, kind):
    with pytest.raises(StoreError) as caught:
        bare.execute(f"DO $$ BEGIN RAISE 'x' USING ERRCODE = '{state}'; END $$")

    assert type(caught.value) is kind
    assert caught.value.sqlstate == state


def test_an_error_about_names_keeps_its_text(bare):
    with pytest.raises(StoreError, match='column "no_such" does not exist'):
        bare.execute("SELECT no_such")


@given(st.sampled_from([StoreError, Transient, RowRefused, ConnectionLost, Unreachable]), st.text())
def test_an_error_crosses_a_process_boundary_whole(kind, text):
    error = pickle.loads(pickle.dumps(kind(text, "23514", "c")))

    assert (type(error), str(error), error.sqlstate, error.constraint) == (kind, text, "23514", "c")


def test_a_killed_connection_is_lost_and_stays_so(store, admin):
    pid = store.connection.info.backend_pid
    admin.execute("SELECT pg_terminate_backend(%s)", [pid])

    for _ in range(2):
        with pytest.raises(ConnectionLost):
            store.execute("SELECT 1")
    with pytest.raises(ConnectionLost), store.transaction():
        pass


def test_a_connection_that_is_killed_within_a_transaction_is_lost(store, admin):
    def die() -> None:
        with store.transaction():
            admin.execute("SELECT pg_terminate_backend(%s)", [store.connection.info.backend_pid])
            store.execute("SELECT 1")

    with pytest.raises(ConnectionLost):
        die()


def refusal(url: str) -> str:
    with pytest.raises(Unreachable) as caught:
        Connection.open(url, "test")
    assert caught.value.__context__ is None
    assert SENTINEL not in whole(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (
            f"postgresql://u:{SENTINEL}@127.0.0.1:1/d",
            "cannot connect to the database at 127.0.0.1:1: Connection refused; "
            "check RESEAL_DATABASE_URL",
        ),
        (
            f"host=/no/such/directory dbname=d password={SENTINEL}",
            "cannot connect to the database at /no/such/directory:5432: "
            "No such file or directory; check RESEAL_DATABASE_URL",
        ),
    ],
)
def test_a_server_that_cannot_be_reached_is_named_with_the_reason(url, says):
    assert refusal(url) == says


def test_a_server_that_answers_and_lets_nobody_in_has_more_to_say_in_its_log(server):
    said = refusal(psycopg.conninfo.make_conninfo(server, dbname="there_is_none"))
    assert said.endswith("check RESEAL_DATABASE_URL and the server's log")


@pytest.mark.parametrize(
    "url", ["nonsense", f"postgresql://u:{SENTINEL}@[::1/d", "mysql://h/d", "http://h", "=", "a b"]
)
def test_what_is_no_url_is_said_to_be_none(url):
    assert refusal(url) == "RESEAL_DATABASE_URL is not a PostgreSQL URL such as postgresql://…"


def test_a_database_or_role_that_does_not_exist_is_named(server):
    name = f"none_{uuid4().hex}"

    assert f'database "{name}" does not exist; check' in refusal(url_of(server, name))
    assert "role" in refusal(psycopg.conninfo.make_conninfo(server, user=name))


def test_a_session_has_limits_and_says_who_it_is(server):
    with Connection.open(server, "reseal test") as connection:
        shown = [
            connection.execute(f"SHOW {name}").fetchall()[0][0]
            for name in ("application_name", "lock_timeout", "statement_timeout", "row_security")
        ]

    assert shown == ["reseal test", "2s", "10min", "off"]


@pytest.mark.parametrize(("is_careful", "workers"), [(True, "0"), (False, "2")])
def test_for_a_careful_run_the_server_uses_one_core_at_a_time(access, is_careful, workers):
    with closing(replace(access, is_careful=is_careful).store("test")) as store:
        gathers, maintains = (
            store.need(f"SELECT current_setting('max_parallel_{what}')")[0]
            for what in ("workers_per_gather", "maintenance_workers")
        )

    assert (gathers, maintains) == (workers, workers)


def test_a_read_only_session_writes_nothing(access):
    store = access.store("reader", read_only=True)

    with pytest.raises(StoreError, match="25006"):
        store.execute("DELETE FROM users")
    store.close()
