"""What is measured on a table of its own: a work, a command, or several commands in turn."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from reseal.envelope import PREFIX
from tests.bench import command, work
from tests.bench.lines import BARE, BARE_HALVES, BARE_SEALED
from tests.bench.measured import Measured
from tests.bench.site import Site
from tests.bench.table import Filling

NAME = "users.mfa_secret"

# Of what is slow, fewer rows tell the rate as well; of what rests on purpose, too.
SAFE_ROWS = 100_000
_BULK_ROWS, _ROW_BY_ROW_ROWS = 100_000, 3_000

Measure = Callable[[Site, frozenset[str]], Iterator[Measured]]


@dataclass(frozen=True)
class Contender:
    """What measures these lines, on so many rows at most; it is told which of them are wanted."""

    lines: tuple[str, ...]
    measure: Measure
    most_rows: int | None = None


def contenders(safe_rows: int) -> tuple[Contender, ...]:
    """Return everything that can be measured, in the order of the first round."""
    return tuple(
        replace(one, most_rows=safe_rows) if one.lines == ("safe",) else one for one in ALL
    )


def _work(
    line: str, module: str, function: str, most_rows: int | None = None, filling: str = "PLAIN"
) -> Contender:
    return Contender((line,), partial(_by_work, module, function, Filling[filling]), most_rows)


def _by_work(
    module: str, function: str, filling: Filling, site: Site, wanted: frozenset[str]
) -> Iterator[Measured]:
    site.renew(filling)
    (line,) = wanted
    yield work.measure(line, module, function, site)
    _need_all(site, site.count("users.mfa_secret <> source.mfa_secret"), line)


def _encrypt(mode: tuple[str, ...], site: Site, wanted: frozenset[str]) -> Iterator[Measured]:
    (line,) = wanted
    yield _sealed(site, *mode).stage(line, "encrypt")


def _life(site: Site, wanted: frozenset[str]) -> Iterator[Measured]:
    sealed = _sealed(site, "--aggressive")
    for stage in ("encrypt", "backup", "validate"):
        yield sealed.stage(stage, stage)
    yield sealed.whole("flow")
    if wanted & {"verify", "rotate"}:
        site.pack()
    if "verify" in wanted:
        yield command.run(site, "verify").stage("verify", "validate")
    if "rotate" in wanted:
        yield _rotated(site)
    if "rollback" in wanted:
        site.pack()
        yield _rolled_back(site, sealed.run_id)


def _sealed(site: Site, *mode: str) -> command.Ended:
    site.renew()
    ended = command.run(site, "encrypt", *mode)
    _need_all(site, site.count(f"starts_with(users.mfa_secret, '{PREFIX}')"), "encrypt")
    return ended


def _rotated(site: Site) -> Measured:
    ended = command.run(site, "rotate", "--aggressive", "--assume-readers-ready")
    _need_all(site, ended.document["fields"][NAME]["changed"], "rotate")
    return ended.stage("rotate", "reseal")


def _rolled_back(site: Site, run_id: str) -> Measured:
    ended = command.run(site, "rollback", run_id, "--unseal-newer", "--aggressive")
    _need_all(site, site.count("users.mfa_secret = source.mfa_secret"), "rollback")
    return ended.stage("rollback", "rollback")


def _need_all(site: Site, rows: int, what: str) -> None:
    # A way that leaves rows out would be fast.
    if rows != site.table.rows:
        raise SystemExit(f"{what} did {rows} of {site.table.rows} rows")


_LIFE = ("encrypt", "backup", "validate", "flow", "verify", "rotate", "rollback")

ALL = (
    _work(BARE, "bare", "update"),
    _work(BARE_HALVES, "bare", "halves"),
    _work("sweep", "sweep", "seal"),
    Contender(_LIFE, _life),
    _work(BARE_SEALED, "bare", "update", filling="SEALED"),
    Contender(("standard",), partial(_encrypt, ())),
    Contender(("safe",), partial(_encrypt, ("--safe",))),
    _work("sqlalchemy-rows", "sqlalchemy_orm", "rows", _ROW_BY_ROW_ROWS),
    _work("sqlalchemy-flush", "sqlalchemy_orm", "flush", _BULK_ROWS),
    _work("sqlalchemy-bulk", "sqlalchemy_orm", "bulk", _BULK_ROWS),
    _work("django-save", "django_orm", "save", _ROW_BY_ROW_ROWS),
    _work("django-bulk", "django_orm", "bulk_update", _BULK_ROWS),
    _work("executemany", "hand", "executemany", _BULK_ROWS),
    _work("pgcrypto-pgp", "pgcrypto", "pgp", _BULK_ROWS),
    _work("pgcrypto-cbc", "pgcrypto", "cbc", _BULK_ROWS),
)
