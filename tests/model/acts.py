"""What can happen, in words; each is one step that nothing comes between."""

from enum import StrEnum
from typing import NamedTuple

from tests.model.world import NOBODY, Row, World


class Act(StrEnum):
    """A kind of step; the words are what a trace shows."""

    TAKE_OVER = "{run} takes the field over under a new epoch, to encrypt"
    TAKE_OVER_TO_UNDO = "{run} takes the field over under a new epoch, to roll {undone} back"
    PREPARE = "{run} raises the shield, keeps the data key and fixes its backup's horizon"
    PREPARE_UNSHIELDED = "{run} cannot raise the shield, and prepares as it does otherwise"
    PREPARE_BARE = "{run}, which takes no backup, drops the shield and keeps the data key"
    READ_ORIGINALS = "{run} reads what is older than the horizon, to back it up"
    BACK_UP = "{run} backs up what is older than the horizon"
    READ = "{run} reads {rows} and turns what it wants in memory"
    MISREAD = "{run} reads {rows}, and what stands there does not open for it"
    FENCE = "{run} opens a transaction, in which its epoch still stands"
    SUPERSEDED = "{run} opens a transaction, in which its epoch stands no more, and ends"
    COMMIT = "{run}'s batch is committed: {rows} written"
    ABORT = "{run}'s transaction fails, and nothing of it stands"
    REPORT_DONE = "{run} finds nothing more to do and reports that it is done"
    REPORT_BROKEN = "{run} finds broken envelopes that are not its own, and ends"
    REPORT_GUARDED = "{run} reports that it is done, and the guard takes the shield's place"
    ROLL_BACK = "{run} takes the rollback branch"
    REPORT_UNDONE = "{run} finds nothing more to put back, drops the shield and reports"
    KILL = "{run} is killed"
    SHRED = "{run}'s backup is shredded"
    ENROL_PLAIN = "the user of {rows} enrols anew, stored in plaintext"
    ENROL_SEALED = "the user of {rows} enrols anew, sealed by the application"
    PUT_BACK_PLAIN = "a former secret of the user of {rows} is put back, stored in plaintext"
    PUT_BACK_SEALED = "a former secret of the user of {rows} is put back, sealed"
    UPGRADE = "an application seals the plaintext that it finds in {rows}"
    DISABLE = "the user of {rows} disables the second factor"
    READ_FOR_SAVE = "an application reads {rows}, to save all its columns later"
    SAVE = "an application saves {rows} as it had read it"


class Step(NamedTuple):
    """A step: the worlds before and after, and who did what to which rows."""

    act: Act
    before: World
    after: World
    run: int = NOBODY
    rows: tuple[int, ...] = ()

    @property
    def pairs(self) -> list[tuple[Row, Row]]:
        """Each row, before and after."""
        return list(zip(self.before.rows, self.after.rows, strict=True))
