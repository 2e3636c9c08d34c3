"""What a login pays for an envelope: `Vault.read` and the code, against the code alone, in turns.

The reference is `pyotp.TOTP(secret).verify`, as an application with plaintext has it. Both are
timed call by call in the same round; what is printed are medians, and of their difference too.
"""

import random
from base64 import b32encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter_ns, time

import pyotp
from psycopg_pool import ConnectionPool

from reseal import Config, Secret, Vault
from reseal.embedded import running_server
from reseal.field import Field
from reseal.kek.local import LocalKek
from reseal.store import data_key, schema
from reseal.store.connection import Connection
from reseal.store.store import Store

FIELD = Field("users.mfa_secret", "public", "users", "mfa_secret")
_USERS = 1_000
_CALLS = 20_000


@dataclass(frozen=True)
class Login:
    """A user: key, the secret in the clear, its envelope, and a code that is right for it."""

    key: int
    plain: str
    stored: str
    code: str


@dataclass(frozen=True)
class Reading:
    """Median microseconds a call; `overhead` is the median of the paired differences."""

    verify: float
    read: float
    read_and_verify: float
    overhead: float


def measure(rounds: int) -> list[Reading]:
    """Measure so many rounds on an embedded server."""
    with _vault() as vault:
        logins = list(_logins(vault, random.Random(0)))
        return [_round(vault, logins) for _ in range(rounds)]


def show(rounds: list[Reading]) -> None:
    """Print each round and the medians."""
    for number, one in enumerate(rounds, start=1):
        print(f"round {number}: {_line(one)}")
    columns = zip(*(vars(one).values() for one in rounds), strict=True)
    print(f"median:  {_line(Reading(*map(median, columns)))}")


def _line(one: Reading) -> str:
    return (
        f"pyotp verify {one.verify:.1f} us   Vault.read {one.read:.1f} us   "
        f"both {one.read_and_verify:.1f} us   overhead {one.overhead:.1f} us"
    )


def _round(vault: Vault, logins: list[Login]) -> Reading:
    verified, read, both = [], [], []
    for call in range(_CALLS):
        login = logins[call % len(logins)]
        verified.append(_nanoseconds(_verify, login.plain, login.code))
        read.append(_nanoseconds(_read, vault, login))
        both.append(_nanoseconds(_read_and_verify, vault, login))
    differences = [after - before for before, after in zip(verified, both, strict=True)]
    return Reading(*(median(each) / 1000 for each in (verified, read, both, differences)))


def _read(vault: Vault, login: Login) -> Secret:
    return vault.read(FIELD.name, login.key, login.stored)


def _verify(secret: str, code: str) -> bool:
    return pyotp.TOTP(secret).verify(code)


def _read_and_verify(vault: Vault, login: Login) -> bool:
    return _verify(_read(vault, login).reveal(), login.code)


def _nanoseconds(call: Callable[..., object], *arguments: object) -> int:
    began = perf_counter_ns()
    call(*arguments)
    return perf_counter_ns() - began


def _logins(vault: Vault, dice: random.Random) -> Iterator[Login]:
    for key in range(1, _USERS + 1):
        plain = b32encode(dice.randbytes(20)).decode()
        code = pyotp.TOTP(plain).at(time())
        yield Login(key, plain, vault.seal(FIELD.name, key, plain), code)


@contextmanager
def _vault() -> Iterator[Vault]:
    kek = LocalKek("env:BENCH", random.Random(1).randbytes(32))
    with TemporaryDirectory(prefix="reseal-pg-", ignore_cleanup_errors=True) as directory:
        Path(directory).chmod(0o755)
        with running_server(Path(directory) / "data") as url:
            store = Store(Connection.open(url, "bench"))
            schema.migrate(store)
            data_key.ensure_active(store, kek, "bench")
            store.close()
            with ConnectionPool(url, min_size=1) as pool:
                yield Vault.connect(pool, Config((FIELD,)), kek, beats=None)
