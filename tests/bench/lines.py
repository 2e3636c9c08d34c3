"""The lines that a run comes to: what each is called, and what it is."""

from dataclasses import dataclass
from enum import StrEnum

BARE, BARE_HALVES, BARE_SEALED = "bare", "bare-halves", "bare-sealed"

# One line of each command, by the command.
COMMANDS = {
    "flow": "encrypt --aggressive",
    "standard": "encrypt",
    "safe": "encrypt --safe",
    "rotate": "rotate --aggressive",
    "rollback": "rollback --aggressive",
    "verify": "verify",
}


class Group(StrEnum):
    """References, what Reseal does, and what people would use instead."""

    REFERENCE = "reference"
    RESEAL = "reseal"
    ALTERNATIVE = "alternative"


@dataclass(frozen=True)
class Line:
    """One line; `pair` is the reference that finds the same table."""

    title: str
    group: Group
    about: str
    pair: str = BARE


LINES = {
    BARE: Line(
        "bare UPDATE",
        Group.REFERENCE,
        "`UPDATE users SET mfa_secret = <a constant as long as an envelope>`, one statement on a "
        "fresh table of plaintext",
    ),
    BARE_HALVES: Line(
        "bare UPDATE, two halves",
        Group.REFERENCE,
        "the same by two statements at once, each on half of the pages: what two workers come to "
        "that have nothing else to do",
    ),
    BARE_SEALED: Line(
        "bare UPDATE, sealed",
        Group.REFERENCE,
        "the same statement on a packed table whose secrets are as long as envelopes already",
        BARE_SEALED,
    ),
    "sweep": Line(
        "sweep without Prefect",
        Group.RESEAL,
        "the library's workers alone, until a pass finds nothing more: no backup, no Prefect",
    ),
    "encrypt": Line(
        "encrypt --aggressive", Group.RESEAL, "the stage `encrypt` of `reseal encrypt --aggressive`"
    ),
    "standard": Line("encrypt", Group.RESEAL, "the stage `encrypt` of `reseal encrypt`"),
    "safe": Line(
        "encrypt --safe",
        Group.RESEAL,
        "the stage `encrypt` of `reseal encrypt --safe`, which rests on purpose most of the "
        "time; fewer rows",
    ),
    "backup": Line(
        "backup", Group.RESEAL, "the stage `backup` of the aggressive run, with its restore"
    ),
    "validate": Line(
        "validate",
        Group.RESEAL,
        "the stage `validate` of the aggressive run: every envelope opened and compared with the "
        "backup, Great Expectations, probes",
    ),
    "flow": Line(
        "whole flow",
        Group.RESEAL,
        "all stages of the aggressive run together; its processor time and log are those of the "
        "whole command, with the start of its interpreter",
    ),
    "verify": Line(
        "verify",
        Group.RESEAL,
        "the stage `validate` of `reseal verify`: every envelope opened, with no backup to "
        "compare with",
        BARE_SEALED,
    ),
    "rotate": Line(
        "rotate --aggressive",
        Group.RESEAL,
        "the stage `reseal` of `reseal rotate --aggressive --assume-readers-ready`, on the sealed "
        "table after `VACUUM FULL`",
        BARE_SEALED,
    ),
    "rollback": Line(
        "rollback --aggressive",
        Group.RESEAL,
        "the stage `rollback` of `reseal rollback RUN --unseal-newer --aggressive`, after the "
        "rotation and another `VACUUM FULL`",
        BARE_SEALED,
    ),
    "sqlalchemy-rows": Line(
        "SQLAlchemy, row by row",
        Group.ALTERNATIVE,
        "SQLAlchemy 2 with `StringEncryptedType` of sqlalchemy-utils (AES-GCM), a commit a row",
    ),
    "sqlalchemy-flush": Line(
        "SQLAlchemy, unit of work",
        Group.ALTERNATIVE,
        "the same objects, a flush and a commit every 1,000",
    ),
    "sqlalchemy-bulk": Line(
        "SQLAlchemy, bulk",
        Group.ALTERNATIVE,
        "ORM bulk update by primary key from 1,000 mappings a time",
    ),
    "django-save": Line(
        "Django, save()",
        Group.ALTERNATIVE,
        "Django with `EncryptedTextField` of django-fernet-encrypted-fields, "
        '`save(update_fields=["mfa_secret"])` on each object',
    ),
    "django-bulk": Line(
        "Django, bulk_update()",
        Group.ALTERNATIVE,
        "`bulk_update` of the same field, 500 objects a time",
    ),
    "executemany": Line(
        "psycopg executemany",
        Group.ALTERNATIVE,
        "`AESGCM` of cryptography and `executemany`, a commit every 5,000 rows",
    ),
    "pgcrypto-pgp": Line(
        "pgcrypto pgp_sym_encrypt",
        Group.ALTERNATIVE,
        "inside the server, in one statement, which carries the key",
    ),
    "pgcrypto-cbc": Line(
        "pgcrypto encrypt_iv",
        Group.ALTERNATIVE,
        "inside the server, AES-256-CBC without authentication, in one statement, which carries "
        "the key",
    ),
}
