"""What is done to the table itself: before, between and after the rows."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from reseal import guard, prepare, shield
from reseal.audit.action import Action
from reseal.census import Census, take_census
from reseal.errors import ConnectionLost, StoreError
from reseal.optimise.result import Optimisation
from reseal.optimise.stage import Wish, optimise
from reseal.store import data_key, schema
from tasks.run import current
from tasks.step import step


@step(name="prepare schema")
def prepare_schema() -> list[str]:
    """Bring Reseal's own schema forward; return the migrations that were missing."""
    run = current()
    return schema.migrate(run.store, run.access.config.application)


@step(name="prepare key")
def prepare_key() -> int:
    """See to an active, durable and proven data key; return its version."""
    run = current()
    kek, policy = run.access.kek(), run.access.config.keys
    return data_key.ensure_active(run.store, kek, run.actor, policy).active


@step(name="prepare table", task_run_name="prepare {field}")
def prepare_table(field: str) -> prepare.Preparation:
    """Widen the column if it is short, drop indexes over the secret."""
    run = current()
    target = run.access.target(run.store, field)
    names = [one.name for one in run.access.config.fields]
    if shield.drop_forgotten(run.store, target, names):
        why = "it was of a field that goes by another name now"
        run.note(Action.SHIELD_DROPPED, field=field, done=True, why=why)
    return prepare.prepare(run.store, target)


@step(name="census", task_run_name="census of {field}")
def count_rows(field: str) -> Census:
    """Count the field's rows by what they hold."""
    run = current()
    return take_census(run.store, run.access.target(run.store, field))


class Guarded(NamedTuple):
    """Why the guard was not raised, or what became of the shield when it was."""

    why: str | None = None
    shield: str | None = None

    def as_dict(self) -> dict[str, bool | str | None]:
        """Return it for the evidence."""
        said = {"raised": self.why is None, "why": self.why}
        return said if self.shield is None else {**said, "shield": self.shield}


@step(name="guard", task_run_name="guard {field}")
def raise_guard(field: str, forced: bool) -> Guarded:
    """Raise the guard constraint in the shield's place, or say why it must not be raised now."""
    run = current()
    target = run.access.target(run.store, field)
    why_not = guard.why_not(run.store, target, take_census(run.store, target), forced=forced)
    why_not = why_not or _fault(partial(guard.raise_guard, run.store, target))
    if why_not is not None:
        return Guarded(why=why_not)
    # Plaintext that is written back is refused now.
    fault = _fault(partial(shield.drop_shield, run.store, target))
    return Guarded(shield=f"still stands: {fault}" if fault else "dropped")


def _fault(work: Callable[[], None]) -> str | None:
    """Do what a run can do without, and a later one does; return what the database said."""
    try:
        work()
    except ConnectionLost:
        raise
    except StoreError as error:
        return str(error)
    return None


@step(name="raise shield", task_run_name="raise shield of {field}")
def raise_shield(field: str) -> str | None:
    """Let nobody write back what was sealed meanwhile; or return why that is not so."""
    run = current()
    target = run.access.target(run.store, field)
    if guard.stands(run.store, target):
        return "the guard stands"
    # Plaintext that is written back is not lost: the next pass seals it once more.
    return _fault(partial(shield.raise_shield, run.store, target))


@step(name="drop shield", task_run_name="drop shield of {field}")
def drop_shield(field: str) -> str:
    """Take the shield off, as it would not know what is sealed now; return why."""
    run = current()
    shield.drop_shield(run.store, run.access.target(run.store, field))
    return "there is no backup"


@step(name="make way", task_run_name="make way for plaintext in {field}")
def make_way(field: str) -> None:
    """Remove what keeps plaintext out, the guard constraint.

    The shield keeps nothing from a sweep, and as long as it stands it is known who has sealed.
    """
    run = current()
    target = run.access.target(run.store, field)
    if guard.stands(run.store, target):
        guard.drop_guard(run.store, target)
        run.note(Action.GUARD_DROPPED, field=field)


@step(name="lower shield", task_run_name="lower shield of {field}")
def lower_shield(field: str) -> str | None:
    """Take the shield off after a rollback; or return why it still stands."""
    run = current()
    # Plaintext is written over plaintext now, and of that the shield takes no notice.
    why_not = _fault(partial(shield.drop_shield, run.store, run.access.target(run.store, field)))
    why = why_not or "the originals are back"
    run.note(Action.SHIELD_DROPPED, field=field, done=not why_not, why=why)
    return why_not


@step(name="optimise", task_run_name="optimise {field}")
def optimise_table(field: str, dry_run: bool) -> Optimisation:
    """Measure the login queries, and keep an index that helps; or say what would be tried."""
    run = current()
    config = run.access.config
    wish = Wish(config.optimise, config.secret_columns(field), dry_run)
    return optimise(run.store, run.access.target(run.store, field), wish=wish)
