"""What the audit log can say was done: one word a kind, and no event without one."""

from enum import StrEnum


class Action(StrEnum):
    """What was done; an event's detail says to what, how many and why."""

    # Runs.
    RUN_STARTED = "run started"
    RUN_FINISHED = "run finished"
    RUN_INTERRUPTED = "run interrupted"
    RUN_TAKEN_OVER = "run taken over"
    RUN_UNDONE = "run undone"
    PAUSE_ASKED = "pause asked"
    RESUME_ASKED = "resume asked"
    STOP_ASKED = "stop asked"
    CANCELLED = "cancelled"
    CONFIGURATION_CHANGED = "configuration changed"
    EVIDENCE_CLOSED = "evidence closed"

    # A person's word before the first write.
    APPROVAL_ASKED = "approval asked"
    APPROVED = "approved"
    REJECTED = "rejected"
    APPROVAL_TIMED_OUT = "approval timed out"
    APPROVAL_WITHDRAWN = "approval withdrawn"

    # Data keys.
    KEY_MADE = "key made"
    KEY_READY = "data key ready"
    KEY_STAGED = "key staged"
    READERS_READY = "readers ready"
    KEY_ACTIVATED = "key activated"
    SEALING_UNDER_OLDER = "still sealing under an older key"
    ROTATION_GONE_ON = "rotation gone on with"
    RETIREMENT_GATES = "retirement gates"
    KEY_RETIRED = "key retired"
    KEY_DISABLED = "key disabled"
    KEY_NOT_DISABLED = "key not disabled"
    KEY_DESTROYED = "key destroyed"
    KEY_NOT_DESTROYED = "key not destroyed"
    KEY_COMPROMISED = "key compromised"
    EXPOSED = "exposed"
    KEYS_REWRAPPED = "keys rewrapped"

    # Backups.
    BACKUP_BEGUN = "backup begun"
    BACKUP_RESTORED = "backup restored"
    BACKUP_PROVEN = "backup proven"
    BACKUP_PROVEN_AGAIN = "backup proven again"
    LATE_BACKUP_COPIED = "late backup copied"
    BACKUP_SHREDDED = "backup shredded"
    BACKUP_COPY_DELETED = "backup copy deleted"

    # Rows.
    SEALED = "sealed"
    RESEALED = "resealed"
    EXPECTED = "expected"
    VALIDATED = "validated"
    ROLLED_BACK = "rolled back"
    QUARANTINE_ACCEPTED = "quarantine accepted"
    QUARANTINE_TRIED_AGAIN = "quarantine tried again"

    # What may stand in the column, and who may write what.
    PREPARED = "prepared"
    GUARD = "guard"
    GUARD_DROPPED = "guard dropped"
    SHIELD_DROPPED = "shield dropped"
    OPTIMISED = "optimised"
    CLEANED = "cleaned"
    POLICY_CHANGED = "plaintext policy changed"

    # What somebody is called for.
    ALERT_RAISED = "alert raised"
    ALERT_CLEARED = "alert cleared"
