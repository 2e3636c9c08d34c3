"""Protocols without one of the precautions, and which invariant each of them breaks.

That is what the precautions are for; and it shows that the model can say no.
"""

from dataclasses import dataclass

from tests.model.invariants import (
    Invariant,
    a_backup_holds_what_its_run_has_overwritten,
    a_run_that_is_done_left_no_plaintext_from_before_its_last_pass,
    a_superseded_run_writes_nothing,
    after_a_rollback_no_envelope_of_its_run_is_left,
    no_save_puts_plaintext_in_the_place_of_its_envelope,
    the_latest_secret_of_each_row_is_recoverable,
)
from tests.model.protocol import Fence, Guard, Late, Marks, Mends, Protocol, Shield
from tests.model.world import World, beginning


@dataclass(frozen=True, slots=True)
class Mutant:
    """A protocol, the invariant that it breaks first, and what has to happen for that."""

    name: str
    protocol: Protocol
    breaks: Invariant
    writes: int = 1
    faults: int = 0
    shreds: int = 0
    rows: int = 2
    runs: int = 2

    @property
    def start(self) -> World:
        """Return the table before any run, in a world that is large enough."""
        return beginning(self.rows, self.runs, self.writes, self.faults, self.shreds)


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
        Protocol(mends=Mends.NONE),
        after_a_rollback_no_envelope_of_its_run_is_left,
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
        "a shield that keeps the originals of any backup",
        Protocol(shield=Shield.ORIGINALS),
        the_latest_secret_of_each_row_is_recoverable,
        writes=2,
    ),
    Mutant(
        "a shield without marks",
        Protocol(marks=Marks.NONE),
        the_latest_secret_of_each_row_is_recoverable,
        writes=2,
    ),
    Mutant(
        "a batch that takes the marks off rows that it did not write",
        Protocol(marks=Marks.CLEARED_BY_THE_BATCH),
        the_latest_secret_of_each_row_is_recoverable,
        writes=2,
    ),
    Mutant(
        "no mark for a row that is deleted and inserted again, sealed",
        Protocol(marks=Marks.OF_UPDATES),
        the_latest_secret_of_each_row_is_recoverable,
        writes=3,
        rows=1,
    ),
    Mutant(
        "backups that count although the shield was off in between",
        Protocol(forgets_backups=False),
        the_latest_secret_of_each_row_is_recoverable,
        writes=2,
        rows=1,
    ),
    Mutant(
        "a backup that counts although the shield could not be raised",
        Protocol(counts_unraised=True),
        the_latest_secret_of_each_row_is_recoverable,
        faults=1,
    ),
    Mutant(
        "a run without a backup under the shield",
        Protocol(drops_shield_without_backup=False),
        the_latest_secret_of_each_row_is_recoverable,
        writes=2,
        rows=1,
    ),
    Mutant(
        "a backup shredded without a word to the shield",
        Protocol(shredding_forgets=False),
        the_latest_secret_of_each_row_is_recoverable,
        writes=2,
        shreds=1,
        rows=1,
    ),
    Mutant(
        "a rollback that mends any broken envelope",
        Protocol(mends=Mends.ANY),
        the_latest_secret_of_each_row_is_recoverable,
        faults=1,
    ),
    Mutant(
        "a rollback that mends what may have been written without the shield",
        Protocol(mends=Mends.UNSHIELDED),
        the_latest_secret_of_each_row_is_recoverable,
        faults=1,
    ),
    Mutant(
        "a rollback that mends what an application has sealed",
        Protocol(mends=Mends.MARKED),
        the_latest_secret_of_each_row_is_recoverable,
        faults=1,
    ),
    Mutant(
        "a rollback that does not look for later backups",
        Protocol(looks_for_later=False),
        the_latest_secret_of_each_row_is_recoverable,
        faults=1,
        rows=1,
        runs=3,
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
