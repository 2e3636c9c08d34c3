"""The initial encryption of every field, from the first look to the last record."""

from prefect import flow
from prefect.client.schemas.objects import State

from flows import stages
from flows.approval import approve, enter
from flows.backing_up import back_up
from flows.cleaning import clean
from flows.ending import conclude
from flows.hooks import HOOKS
from flows.intent import to_encrypt
from flows.names import named
from flows.needs import need_place
from flows.options import EncryptOptions
from flows.restoring import restore_originals, said_of
from flows.running import holding, running
from flows.states import state_of
from flows.validation import need_claims_to_seal
from reseal.errors import Stopped
from reseal.modes import Mode
from reseal.optimise.found import need_queries
from reseal.outcome import Outcome
from reseal.preflight import Report
from reseal.unexpected import scrubbed
from tasks.run import Run


@flow(
    name="encrypt_secrets",
    flow_run_name=named("encrypt"),
    persist_result=False,
    **HOOKS,
)
def encrypt_secrets(options: EncryptOptions = EncryptOptions()) -> State[None]:
    """Seal every secret of the chosen fields while the application runs."""
    with running("encrypt_secrets", options, options.mode) as run:
        # Before anything is written, as a backup that cannot be copied ends the run, and a login
        # query that is not run would be told only after it.
        need_place(options.model_dump(), run.access.config)
        need_queries(run.access.config.fields, run.access.config.optimise.queries)
        report = _look(run, options)
        if options.mode is Mode.VALIDATE_ONLY:
            conclude(run, Outcome.DONE, "preflight passed; nothing was written")
        else:
            approved = approve(run, options, report, to_encrypt)
            if approved:
                # Hours may have passed.
                _look(run, options)
            with holding(run):
                enter(run, approved)
                seal_everything(run, options)
    return state_of(run.result)


def _look(run: Run, options: EncryptOptions) -> Report:
    return stages.preflight(run, options, skip_backup=options.skip_backup)


def seal_everything(run: Run, options: EncryptOptions) -> None:
    """Take every stage of an encryption that writes; the run holds its fields."""
    stages.prepare(run, skip_backup=options.skip_backup)
    if not options.skip_backup:
        back_up(run, options.backup_to)
    need_claims_to_seal(run, with_backup=not options.skip_backup)
    stages.encrypt(run)
    broken = stages.validate(run)
    if broken:
        _roll_back(run, broken, options)
        return
    stages.guard(run, forced=options.guard)
    stages.optimise(run)
    clean(run)
    stages.sum_up(run)


def _roll_back(run: Run, broken: str, options: EncryptOptions) -> None:
    if options.skip_backup:
        conclude(run, Outcome.FAILED, f"{broken}; there is no backup to roll back to")
        return
    how = f"`reseal rollback {run.run_id}` puts the originals back"
    try:
        restore_originals(run.run_id)
    except Stopped as stopped:
        raise Stopped(f"{broken}; {stopped}; {how}") from None
    except Exception as error:
        conclude(run, Outcome.FAILED, f"{broken}; the rollback failed: {scrubbed(error)}; {how}")
        return
    if run.result.held:
        said = f"{broken}; not every original could be put back: {said_of(run, run.run_id)}"
        conclude(run, Outcome.FAILED, said)
        return
    said = f"{broken}; the originals were put back: {said_of(run, run.run_id)}"
    conclude(run, Outcome.ROLLED_BACK, said)
