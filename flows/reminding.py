"""Remind of what others keep until it holds no plaintext any more."""

from datetime import UTC, datetime

from reseal.audit.action import Action
from reseal.clean.elsewhere import still_due
from reseal.store import event, schema
from tasks.run import Run


def remind(run: Run) -> None:
    """Say of every field what the last cleaning could not reach and is not over yet."""
    if not schema.exists(run.store):
        return
    for field in run.fields:
        noted = event.latest(run.store, Action.CLEANED, field=field.name)
        due = still_due(noted["elsewhere"], datetime.now(UTC).date()) if noted else []
        run.field_result(field.name).reminders = [one.sentence for one in due]
