"""Look before anything is written."""

from reseal.modes import Mode
from reseal.preflight import PreflightPlan, Report, run_preflight
from tasks.run import current
from tasks.step import step


@step(name="preflight")
def look_first(mode: Mode, skip_backup: bool, rotates: bool) -> Report:
    """Run every check in a read-only transaction."""
    run = current()
    plan = PreflightPlan(
        mode=mode,
        skip_backup=skip_backup,
        is_development=run.settings.is_development,
        embedded=run.settings.embedded,
        takes_over=mode is not Mode.VALIDATE_ONLY,
        rotates=rotates,
        evidence=run.recording.closing.shelf.where,
    )
    return run_preflight(run.access, run.fields, plan)
