"""The statements of an encryption and of a rollback before and after which they are killed."""

from dataclasses import dataclass

from tests.chaos.hold import Hold
from tests.chaos.round import Command

WRITES = "NEW.turn = '{}' AND NEW.changed > 0"

HAS_WRITTEN = f"""
{WRITES} AND EXISTS (SELECT FROM reseal.batch AS b
                     WHERE b.run_id = NEW.run_id AND b.changed > 0 AND b.turn = NEW.turn)
"""

ENDS = "NEW.outcome IS NOT NULL"

PROVES = "NEW.proven IS DISTINCT FROM OLD.proven"


@dataclass(frozen=True)
class Boundary:
    """A point of a command; `needs_damage` where it only comes by with a row that is no secret."""

    name: str
    command: Command
    hold: Hold
    needs_damage: bool = False


def _noted(action: str) -> Hold:
    return Hold("event", "AFTER INSERT", f"NEW.action = '{action}'")


def _batches(turn: str) -> tuple[tuple[str, Hold], ...]:
    writes, has_written = WRITES.format(turn), HAS_WRITTEN.format(turn)
    return (
        ("the first batch is written, its record is not", Hold("batch", "BEFORE INSERT", writes)),
        ("the first batch is not committed", Hold("batch", "AFTER INSERT", writes)),
        ("the first batch arrives late", Hold("batch", "AFTER INSERT", writes, lets_go=True)),
        ("the first batch is committed", Hold("batch", "BEFORE INSERT", has_written)),
        ("a later batch is not committed", Hold("batch", "AFTER INSERT", has_written)),
        ("a later batch arrives late", Hold("batch", "AFTER INSERT", has_written, lets_go=True)),
    )


_ANY_RUN = (
    ("it takes over the field", Hold("control", "BEFORE INSERT")),
    ("its row is not written", Hold("run", "BEFORE INSERT")),
    ("its row arrives late", Hold("run", "AFTER INSERT", lets_go=True)),
    ("its start is not recorded", _noted("run started")),
)

_ENDING = (
    ("its end is not recorded", _noted("run finished")),
    ("its outcome is not written", Hold("run", "BEFORE UPDATE", ENDS)),
    ("its outcome arrives late", Hold("run", "AFTER UPDATE", ENDS, lets_go=True)),
)

_ENCRYPT = (
    *_ANY_RUN,
    ("the table is ready", _noted("prepared")),
    ("the key is ready", _noted("data key ready")),
    ("the backup is about to begin", Hold("backup_set", "BEFORE INSERT")),
    ("the backup begins late", Hold("backup_set", "AFTER INSERT", lets_go=True)),
    ("the backup is about to be filled", Hold("backup", "BEFORE INSERT")),
    ("the backup is not committed", Hold("backup", "AFTER INSERT")),
    ("the backup arrives late", Hold("backup", "AFTER INSERT", lets_go=True)),
    ("the backup is not proven", Hold("backup_set", "BEFORE UPDATE", PROVES)),
    ("the proof arrives late", Hold("backup_set", "AFTER UPDATE", PROVES, lets_go=True)),
    ("the proof is not recorded", _noted("backup proven")),
    *_batches("seal"),
    ("a late original is not committed", Hold("backup", "AFTER INSERT", "NEW.late")),
    ("the sweep is not recorded", _noted("sealed")),
    ("the validation is not recorded", _noted("validated")),
    ("the guard is not recorded", _noted("guard")),
    ("the optimisation is not recorded", _noted("optimised")),
    *_ENDING,
)

_WITH_DAMAGE = (
    ("the quarantine is about to be written", Hold("quarantine", "BEFORE INSERT")),
    ("the quarantine is not committed", Hold("quarantine", "AFTER INSERT")),
    ("the quarantine arrives late", Hold("quarantine", "AFTER INSERT", lets_go=True)),
)

_ROLLBACK = (
    *_ANY_RUN,
    ("what is left alone is about to be listed", Hold("left_alone", "BEFORE INSERT")),
    ("what is left alone arrives late", Hold("left_alone", "AFTER INSERT", lets_go=True)),
    *_batches("unseal"),
    ("the rollback is not recorded", _noted("rolled back")),
    *_ENDING,
)

BOUNDARIES = (
    *(Boundary(name, Command.ENCRYPT, hold) for name, hold in _ENCRYPT),
    *(Boundary(name, Command.ENCRYPT, hold, needs_damage=True) for name, hold in _WITH_DAMAGE),
    *(Boundary(name, Command.ROLLBACK, hold) for name, hold in _ROLLBACK),
)
