"""Open every envelope and compare it with the backup; tamper with some, which must not open."""

from time import time
from uuid import UUID

from reseal import spans
from reseal.imprints import Carried, gathering
from reseal.posting import Posting
from reseal.probes import Probed, probe
from reseal.sweep.span import Span
from reseal.verify import Verification
from tasks.elsewhere import do
from tasks.run import current, here
from tasks.step import step


@step(name="verify span", task_run_name="verify {field} {span}")
def verify_span(
    posting: Posting, field: str, backed_up_by: UUID | None, writer: UUID | None, span: Span
) -> tuple[Verification, Carried]:
    """Open the envelopes on a range of pages and compare them with a run's backup.

    Return the imprints too, where this is not the run's own machine or may not be.
    """
    run, asked = here(posting.run_id), (backed_up_by, writer, field, span)
    if run is not None:
        kept = run.imprints.directory if run.imprints else None
        return do(posting, spans.verify_span, *asked, kept), {}
    with gathering() as own:
        seen = do(posting, spans.verify_span, *asked, own.directory)
        return seen, own.carried()


@step(name="probe", task_run_name="probe {field}")
def probe_field(field: str, backed_up_by: UUID | None) -> Probed:
    """Tamper with envelopes in memory and compare codes; return whether each came out right."""
    run = current()
    target = run.access.target(run.store, field)
    original = run.access.original(run.store, backed_up_by, field) if backed_up_by else None
    return probe(run.store, target, run.access.keyring(run.store), original, time())
