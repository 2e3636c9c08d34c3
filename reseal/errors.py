"""Every error that Reseal raises; they carry ids, counts and reasons, never a value.

ResealError
├── ConfigurationError            wrong use, settings, reseal.toml or key-encryption key
│   ├── SettingsError
│   ├── FieldError
│   ├── QueryRefused              a query that the optimiser does not run
│   └── KekError
│       └── KekUnreachable        worth another try
├── EnvelopeError                 one stored value
│   ├── NotSealed
│   │   ├── NoSecret
│   │   └── PlaintextRefused
│   ├── MalformedEnvelope
│   ├── EmptyKey
│   ├── UnknownKeyVersion
│   └── WillNotOpen
├── KeyringError                  the data keys as a whole
├── StoreError                    the database said no
│   ├── Unreachable
│   ├── Transient                 worth another try
│   │   └── ConnectionLost
│   └── RowRefused                this row, not the statement, is at fault
├── FieldBusy                     another runner holds the field
├── Superseded                    another runner took the field over
├── Misplaced                     a process has another database or configuration than its run
├── Miscount                      the outcomes do not add up to the rows read
├── BackupNotProven               the backup does not restore to what stands in the table
├── ClaimsFailed                  what must be true before a run writes is not
├── BackupFileError               a backup file cannot be written, read, or trusted as it is
│   └── NoSuchFile                there is none
├── TooManyQuarantined            more values than are allowed cannot be sealed
├── EvidenceError                 the record of a run cannot be read
│   └── EvidenceNotWritten        nor, now, be written
├── ShelfUnreachable              where records are kept does not answer, or refuses
├── AuditLogBroken                the audit log is not as it was written
├── Stopped                       a person asked for it; a new run goes on
├── Refused                       something must be mended first
└── TokenError                    what a user typed, or the secret that it is held against
    ├── WrongToken
    ├── Replayed
    └── NoCode

Two more stand where they are raised: `NotADocument` in document.py, `Unexpected` in unexpected.py.
"""


class ResealError(Exception):
    """The root of the tree; its text is one sentence for a person."""


class ConfigurationError(ResealError):
    """What the operator wrote or set cannot be used as it is."""


class SettingsError(ConfigurationError):
    """An environment setting is missing or cannot be used."""


class FieldError(ConfigurationError):
    """A field in reseal.toml does not describe a column that can hold envelopes.

    `about` names what is at fault, where the catalog tells: table, column, type or key.
    """

    def __init__(self, text: str, about: str | None = None):
        super().__init__(text)
        self.about = about


class QueryRefused(ConfigurationError):
    """A query is not one that the optimiser runs; the text says why, and quotes nothing of it."""


class KekError(ConfigurationError):
    """A key-encryption key is missing, malformed, exposed or not the right one."""


class KekUnreachable(KekError):
    """The service or device that holds a key-encryption key does not answer, or not now."""


class EnvelopeError(ResealError):
    """One stored value cannot be opened."""


class NotSealed(EnvelopeError):
    """The value does not begin as an envelope does."""


class NoSecret(NotSealed):
    """There is no secret in the row."""


class PlaintextRefused(NotSealed):
    """The row holds plaintext, and the policy refuses that."""


class MalformedEnvelope(EnvelopeError):
    """The value begins as an envelope but is not one canonical spelling of it."""


class EmptyKey(EnvelopeError):
    """The row's key has a part that is NULL, so that nothing can be bound to it."""


class UnknownKeyVersion(EnvelopeError):
    """The envelope names a key version that is not in the keyring."""

    def __init__(self, version: int) -> None:
        super().__init__(f"key version {version} is not in the keyring")
        self.version = version

    def __reduce__(self) -> tuple[type, tuple[int]]:
        return type(self), (self.version,)


class WillNotOpen(EnvelopeError):
    """The key is right but the bytes, the place or the version are not."""


class KeyringError(ResealError):
    """The data keys cannot be used as they stand."""


class StoreError(ResealError):
    """The database refused a statement.

    `sqlstate` is the five-character code (PostgreSQL manual, appendix A) or None where the
    connection itself failed; `constraint` names the constraint or trigger function at fault.
    """

    def __init__(self, text: str, sqlstate: str | None = None, constraint: str | None = None):
        super().__init__(text)
        self.sqlstate = sqlstate
        self.constraint = constraint

    def __reduce__(self) -> tuple[type, tuple[str, str | None, str | None]]:
        return type(self), (str(self), self.sqlstate, self.constraint)


class Unreachable(StoreError):
    """No connection could be made with the given settings."""


class Transient(StoreError):
    """A timeout, deadlock or serialization failure: the same statement may succeed later."""


class ConnectionLost(Transient):
    """The connection broke; what was being committed may or may not stand."""


class RowRefused(StoreError):
    """A constraint, a type or a trigger refused a row."""


class FieldBusy(ResealError):
    """Another runner holds the field's lock."""


class Superseded(ResealError):
    """Another runner took the field over; nothing was written."""


class Misplaced(ResealError):
    """A process that works for a run has not the database or the configuration that the run has."""


class Miscount(ResealError):
    """The outcomes of a batch do not add up to the rows it read."""


class BackupNotProven(ResealError):
    """The backup, restored, differs from what stands in the table."""


class ClaimsFailed(ResealError):
    """What must be true before the first write is not; no row was written."""


class TooManyQuarantined(ResealError):
    """A larger share of the values cannot be sealed than reseal.toml allows."""


class BackupFileError(ResealError):
    """A backup file cannot be written or read, is not whole, or was changed."""


class NoSuchFile(BackupFileError):
    """There is no file of this name."""


class EvidenceError(ResealError):
    """The record of a run cannot be read, so that nothing can be said of it."""


class EvidenceNotWritten(EvidenceError):
    """A file of the record cannot be written: the disk is full, or lets nobody write."""


class ShelfUnreachable(ResealError):
    """Where records are kept does not answer, or refuses: nothing can be said of any of them."""


class AuditLogBroken(ResealError):
    """The audit log was changed, shortened or written anew, or nothing protects it."""


class Stopped(ResealError):
    """A person asked to stop or pause; what was committed stands, and a new run goes on."""


class Refused(ResealError):
    """Something must be mended first; no row was written."""


class TokenError(ResealError):
    """A one-time password was not accepted."""


class WrongToken(TokenError):
    """It is not the code of this moment, nor of the steps that the window allows."""


class Replayed(TokenError):
    """It was right, and was accepted before (RFC 6238, 5.2)."""


class NoCode(TokenError):
    """No code can be made of a secret, because it is not what its field's format says."""
