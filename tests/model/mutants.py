"""Protocols without one of the precautions, and which invariant each of them breaks.

That is what the precautions are for; and it shows that the model can say no.
"""

from dataclasses import dataclass

from tests.model.invariants import (
    Invariant,
    a_backup_holds_what_its_run_has_overwritten,
    a_run_that_is_done_left_no_plaintext_from_before_its_last_pass,
    a_superseded_run_writes_nothing,
    after_a_rollback_every_row_that_it_has_an_original_of_is_readable,
    no_save_puts_plaintext_in_the_place_of_its_envelope,
    the_latest_secret_of_each_row_is_recoverable,
)
from tests.model.protocol import Fence, Guard, Late, Protocol, Shield


@dataclass(frozen=True, slots=True)
class Mutant:
    """A protocol, the invariant that it breaks first, and what has to happen for that."""

    name: str
    protocol: Protocol
    breaks: Invariant
    writes: int = 1
    faults: int = 0


MUTANTS = (
    Mutant(
        "no guard",
        Protocol(guard=Guard.NONE),
        the_latest_secret_of_each_row_is_recoverable,
    ),
    Mutant(
        "guarded by being plaintext still",
        Protocol(guard=Guard.PLAINTEXT),
        the_latest_secret_of_each_row_is_recoverable,
    ),
    Mutant(
        "no fence",
        Protocol(fence=Fence.NONE),
        a_superseded_run_writes_nothing,
        writes=0,
    ),
    Mutant(
        "a fence that is looked at and not held",
        Protocol(fence=Fence.SEEN),
        a_superseded_run_writes_nothing,
        writes=0,
    ),
    Mutant(
        "late originals backed up after the write instead of with it",
        Protocol(late=Late.AFTER_THE_WRITE),
        a_backup_holds_what_its_run_has_overwritten,
    ),
    Mutant(
        "late originals taken as covered",
        Protocol(late=Late.TAKEN_AS_COVERED),
        a_backup_holds_what_its_run_has_overwritten,
    ),
    Mutant(
        "a rollback that does not compare",
        Protocol(compares=False),
        the_latest_secret_of_each_row_is_recoverable,
    ),
    Mutant(
        "a rollback that leaves broken envelopes",
        Protocol(mends_broken=False),
        after_a_rollback_every_row_that_it_has_an_original_of_is_readable,
        writes=0,
        faults=1,
    ),
    Mutant(
        "no shield",
        Protocol(shield=Shield.NONE),
        no_save_puts_plaintext_in_the_place_of_its_envelope,
    ),
    Mutant(
        "a shield against any plaintext",
        Protocol(shield=Shield.ANY),
        the_latest_secret_of_each_row_is_recoverable,
    ),
    Mutant(
        "a key that is kept only at the end",
        Protocol(keeps_key_first=False),
        the_latest_secret_of_each_row_is_recoverable,
    ),
    Mutant(
        "one pass and no more",
        Protocol(passes_until_clean=False),
        a_run_that_is_done_left_no_plaintext_from_before_its_last_pass,
        writes=0,
    ),
)
