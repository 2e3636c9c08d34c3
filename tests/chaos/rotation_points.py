"""The points of a rotation at which it is killed, and which keys must be found then."""

from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from tests.chaos.hold import Hold

AT_ONCE = "SELECT true"

SESSION = """
SELECT EXISTS (SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND starts_with(application_name, 'reseal {}'))
"""

RECORDED = """
SELECT EXISTS (SELECT FROM reseal.event WHERE event_id > {{since}} AND action = '{}')
"""

# How much of what is sealed is under the key of the batch, with what it has just written.
RESEALED = """
NEW.turn = 'reseal' AND (
    SELECT count(*) FILTER (WHERE public.chaos_version(mfa_secret) = NEW.key_version)
           >= {} * count(public.chaos_version(mfa_secret))
    FROM public.users)
"""

WRITES = "NEW.turn = 'reseal' AND NEW.changed > 0"

HAS_WRITTEN = f"""
{WRITES} AND EXISTS (SELECT FROM reseal.batch AS b WHERE b.run_id = NEW.run_id AND b.changed > 0)
"""

PROVES = "NEW.proven IS DISTINCT FROM OLD.proven"

REPORTS_THE_STAGED_KEY = """
NEW.opens ? (SELECT max(version)::text FROM reseal.data_key WHERE state = 'staged')
"""


class Keys(Enum):
    """What the table of keys holds."""

    OLD = "the key before it is active, none is staged"
    STAGED = "the key before it is active, the next one is staged"
    NEW = "the next key is active, all others retire"


@dataclass(frozen=True)
class Point:
    """A point by name: held, or `sees` it come by a query; and the keys that must stand then.

    `since` in the query stands for the last event before the run was started.
    `makes_another` where the rotation has come to its end, so that the next run makes a key of its
    own. `goes_on` where only a run comes by that goes on with another's rotation.
    """

    name: str
    keys: Keys
    hold: Hold | None = None
    sees: str = AT_ONCE
    makes_another: bool = False
    goes_on: bool = False


def _noted(action: str) -> Hold:
    return Hold("event", "AFTER INSERT", f"NEW.action = '{action}'")


def _becomes(when: str, state: str) -> Hold:
    return Hold("data_key", f"{when} UPDATE", f"NEW.state = '{state}'")


BEFORE_THE_KEY = (
    Point("as soon as it is started", Keys.OLD),
    Point("its first session", Keys.OLD, sees=SESSION.format("run")),
    Point("its preflight", Keys.OLD, sees=SESSION.format("preflight")),
    Point("it takes over the field", Keys.OLD, Hold("control", "BEFORE INSERT")),
    Point("its row is not written", Keys.OLD, Hold("run", "BEFORE INSERT")),
    Point("its row arrives late", Keys.OLD, Hold("run", "AFTER INSERT", lets_go=True)),
    Point("its start is not recorded", Keys.OLD, _noted("run started")),
    Point(
        "the next key is not committed",
        Keys.OLD,
        Hold("data_key", "AFTER INSERT", "NEW.state = 'staged'"),
    ),
)

STAGED = (
    # First, because an application that has reported a key need not do so again.
    Point(
        "no reader has reported",
        Keys.STAGED,
        Hold("reader", "BEFORE INSERT", REPORTS_THE_STAGED_KEY, lets_go=True),
    ),
    Point("the staged key is not recorded", Keys.STAGED, _noted("key staged")),
    Point("the readers are not recorded", Keys.STAGED, _noted("readers ready")),
    Point("the old key is about to retire", Keys.STAGED, _becomes("BEFORE", "retiring")),
    Point("the old key retires, uncommitted", Keys.STAGED, _becomes("AFTER", "retiring")),
    Point("the next key is active, uncommitted", Keys.STAGED, _becomes("AFTER", "active")),
    Point("the activation is not recorded", Keys.STAGED, _noted("key activated")),
)

ACTIVATED = (
    Point("the tables are ready", Keys.NEW, _noted("prepared")),
    Point("it goes on, unrecorded", Keys.NEW, _noted("rotation gone on with"), goes_on=True),
    Point("the backup is about to begin", Keys.NEW, Hold("backup_set", "BEFORE INSERT")),
    Point("the backup is not committed", Keys.NEW, Hold("backup", "AFTER INSERT")),
    Point("the backup is not proven", Keys.NEW, Hold("backup_set", "BEFORE UPDATE", PROVES)),
    Point(
        "the proof arrives late", Keys.NEW, Hold("backup_set", "AFTER UPDATE", PROVES, lets_go=True)
    ),
    Point("the proof is not recorded", Keys.NEW, _noted("backup proven")),
)

RESEALING = (
    Point("the first batch is not committed", Keys.NEW, Hold("batch", "AFTER INSERT", WRITES)),
    Point("the first batch is committed", Keys.NEW, Hold("batch", "BEFORE INSERT", HAS_WRITTEN)),
    *(
        Point(
            f"{share} % are resealed",
            Keys.NEW,
            Hold("batch", "AFTER INSERT", RESEALED.format(share / 100)),
        )
        for share in (25, 50, 75, 98)
    ),
)

RESEALED_ALL = (
    Point("the sweep is not recorded", Keys.NEW, _noted("resealed")),
    Point("it validates", Keys.NEW, sees=RECORDED.format("resealed")),
    Point("the validation is not recorded", Keys.NEW, _noted("validated")),
    Point("its end is not recorded", Keys.NEW, _noted("run finished")),
    Point("its outcome is not written", Keys.NEW, Hold("run", "BEFORE UPDATE")),
    Point(
        "its outcome arrives late",
        Keys.NEW,
        Hold("run", "AFTER UPDATE", lets_go=True),
        makes_another=True,
    ),
)

POINTS = (*BEFORE_THE_KEY, *STAGED, *ACTIVATED, *RESEALING, *RESEALED_ALL)

Chain = tuple[Point, ...]


def in_short() -> tuple[Chain, ...]:
    """Return one chain of every other point: each run goes on with what the one before it left.

    With the points behind which a run goes on. The one whose end is reported comes last, because a
    rotation of its own follows it.
    """
    behind = [before for before, point in pairwise(POINTS) if point.goes_on]
    chosen = {*POINTS[::2], *behind}
    return ((*(point for point in POINTS[:-1] if point in chosen), POINTS[-1]),)


def one_by_one() -> tuple[Chain, ...]:
    """Return each point as a chain, and one that only goes on behind the point before it."""
    pairs = pairwise([None, *POINTS])
    return tuple(
        (before, point) if before and point.goes_on else (point,)
        for before, point in pairs
        if point
    )
