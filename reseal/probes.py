"""Probes of what was sealed: tampering that must not open, codes that must not have changed."""

from dataclasses import replace
from typing import NamedTuple

from psycopg import sql

from reseal import totp
from reseal.envelope import PREFIX, Envelope
from reseal.errors import EnvelopeError
from reseal.keyring import FieldCipher, Keyring
from reseal.place import KeyPart
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.rows import begins
from reseal.verify import Original, backup_join

SAMPLE = """
SELECT t.xmin::text, {secret}, {original}, {key} FROM {table} AS t {backup}
WHERE {sealed} AND ({where}) LIMIT 50
"""


class Sampled(NamedTuple):
    """A row of the sample: its version, the stored text, its sealed original, its key."""

    version: str
    text: str
    original: bytes | None
    key: tuple[KeyPart, ...]


def probe(
    store: Store, target: Target, keyring: Keyring, original: Original | None, at: float
) -> dict[str, bool]:
    """Probe a sample of rows; return what was tried and whether it came out as it must.

    `at` is the Unix time whose TOTP codes are compared.
    """
    cipher = keyring.cipher(target.field.name)
    rows = _sample(store, target, original)
    envelopes = [
        (envelope, target.field.bound_key(row.key))
        for row in rows
        if (envelope := _parsed(row.text)) is not None
    ]
    result = _tampering(cipher, *envelopes[0]) if envelopes else {}
    if len(envelopes) > 1 and target.field.binds_row:
        (moved, _), (_, other) = envelopes[:2]
        result["an envelope moved to another row is noticed"] = _fails(cipher, moved, other)
    if original is not None:
        result["codes are as before"] = _same_codes(cipher, target, original, rows, at)
    return result


def _sample(store: Store, target: Target, original: Original | None) -> list[Sampled]:
    rows = store.execute(
        SAMPLE,
        secret=target.secret,
        original=sql.SQL("b.reseal_sealed" if original else "NULL::bytea"),
        key=target.key_values,
        table=target.table,
        backup=backup_join(store, target, original.run_id if original else None),
        sealed=begins(target.secret, PREFIX),
        where=target.where,
    )
    return [Sampled(version, text, sealed, tuple(key)) for version, text, sealed, *key in rows]


def _parsed(text: str) -> Envelope | None:
    try:
        return Envelope.parse(text)
    except EnvelopeError:
        return None


def _tampering(
    cipher: FieldCipher, envelope: Envelope, key: tuple[KeyPart, ...]
) -> dict[str, bool]:
    flipped = bytes([envelope.ciphertext[0] ^ 1]) + envelope.ciphertext[1:]
    edits = {
        "another key version is noticed": replace(envelope, key_version=envelope.key_version + 1),
        "a shortened tag is noticed": replace(envelope, tag=envelope.tag[:-4]),
        "edited ciphertext is noticed": replace(envelope, ciphertext=flipped),
    }
    return {name: _fails(cipher, edited, key) for name, edited in edits.items()}


def _fails(cipher: FieldCipher, envelope: Envelope, key: tuple[KeyPart, ...]) -> bool:
    try:
        cipher.open(key, Envelope.parse(str(envelope)))
    except EnvelopeError:
        return True
    return False


def _same_codes(
    cipher: FieldCipher, target: Target, original: Original, rows: list[Sampled], at: float
) -> bool:
    """Compare the codes of the rows that the run wrote last; later enrolments have others."""
    return all(
        _same_code(cipher, target, original, row, at)
        for row in rows
        if int(row.version) in original.written and row.original is not None
    )


def _same_code(
    cipher: FieldCipher, target: Target, original: Original, row: Sampled, at: float
) -> bool:
    try:
        before = original.cipher.open([str(part) for part in row.key], row.original or b"")
        after = cipher.open(target.field.bound_key(row.key), Envelope.parse(row.text))
        return totp.same_code(before, after, target.field.format, at)
    except totp.NoCode:
        # Recognised by its alphabet but of a length that encodes nothing: no code, then or now.
        return True
    except EnvelopeError:
        return False
