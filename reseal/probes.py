"""Probes of what was sealed: tampering that must not open, codes that must not have changed."""

import hmac
from dataclasses import replace
from typing import NamedTuple

from psycopg import sql

from reseal import cell, totp
from reseal.backup.joins import beside
from reseal.conditions import begins
from reseal.document import NotADocument
from reseal.envelope import PREFIX, Envelope
from reseal.errors import EnvelopeError, NoCode, WillNotOpen
from reseal.field import Field
from reseal.keyring import FieldCipher, Keyring
from reseal.original import Original, held, plain
from reseal.place import KeyPart
from reseal.secret import Secret
from reseal.store.catalog import Target
from reseal.store.store import Store

SAMPLE = """
SELECT t.xmin::text, {cell}, {original}, {key} FROM {table} AS t {backup}
WHERE {chosen} AND {sealed} AND ({where}) LIMIT 50
"""

WRITTEN = "t.xmin = ANY ({versions}::xid[])"


class Sampled(NamedTuple):
    """A row of the sample: its version, one sealed value in it, its sealed original, its key."""

    version: str
    text: str
    original: bytes | None
    key: tuple[KeyPart, ...]


class Codes(NamedTuple):
    """Of how many sampled secrets the code was compared, differs, and cannot be made at all."""

    compared: int = 0
    differing: int = 0
    without: int = 0


class Probed(NamedTuple):
    """What was tried and whether it came out as it must, and what became of the codes."""

    results: dict[str, bool]
    codes: Codes | None


def probe(
    store: Store, target: Target, keyring: Keyring, original: Original | None, at: float
) -> Probed:
    """Probe a sample of rows; codes are compared where there is a backup.

    `at` is the Unix time whose TOTP codes are compared.
    """
    cipher = keyring.cipher(target.field.bound_name)
    rows = _sample(store, target, original)
    envelopes = [
        (envelope, target.field.bound_key(row.key))
        for row in rows
        # One that is damaged already proves nothing: damaging it again could mend it.
        if (envelope := _parsed(row.text)) is not None
        and not _fails(cipher, envelope, target.field.bound_key(row.key))
    ]
    result = _tampering(cipher, *envelopes[0]) if envelopes else {}
    if len(envelopes) > 1 and target.field.binds_row:
        (moved, _), (_, other) = envelopes[:2]
        result["an envelope moved to another row is noticed"] = _fails(cipher, moved, other)
    codes = None
    if original is not None:
        codes = _codes(cipher, target, original, rows, at)
        result["codes are as before"] = not codes.differing
    return Probed(result, codes)


def _sample(store: Store, target: Target, original: Original | None) -> list[Sampled]:
    """Take rows that the run itself wrote, if there are any."""
    if original is not None and original.written:
        versions = sql.Literal(f"{{{','.join(map(str, sorted(original.written)))}}}")
        found = _chosen(store, target, original, sql.SQL(WRITTEN).format(versions=versions))
        if found:
            return found
    return _chosen(store, target, original, sql.SQL("true"))


def _chosen(
    store: Store, target: Target, original: Original | None, chosen: sql.Composable
) -> list[Sampled]:
    rows = store.execute(
        SAMPLE,
        (),
        chosen=chosen,
        cell=target.cell,
        key=target.key_values,
        table=target.table,
        **beside(store, target, original.run_id if original else None),
        sealed=_holds_envelope(target),
        where=target.where,
    )
    return [
        Sampled(version, text, original, tuple(key))
        for version, stored, original, *key in rows
        if (text := _sealed_value(target, stored)) is not None
    ]


def _holds_envelope(target: Target) -> sql.Composable:
    if target.is_document:
        return sql.SQL("strpos({}, {}) > 0").format(target.cell, sql.Literal(PREFIX))
    return begins(target.secret, PREFIX)


def _sealed_value(target: Target, stored: str) -> str | None:
    try:
        found = cell.leaves(target, stored)
    except NotADocument:
        return None
    texts = (target.column.judged(leaf.text) for leaf in found if leaf.text and leaf.is_string)
    return next((text for text in texts if text.startswith(PREFIX)), None)


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


def _codes(
    cipher: FieldCipher, target: Target, original: Original, rows: list[Sampled], at: float
) -> Codes:
    """Compare the codes of the rows that the run wrote last; later enrolments have others."""
    same = [
        _is_same_code(cipher, target, original, row, at)
        for row in rows
        if int(row.version) in original.written and row.original is not None
    ]
    without = same.count(None)
    return Codes(len(same) - without, same.count(False), without)


def _is_same_code(
    cipher: FieldCipher, target: Target, original: Original, row: Sampled, at: float
) -> bool | None:
    """Compare the code of what was sealed with those of what stood there before.

    Return None where there is nothing to compare.
    """
    try:
        values = held(target, original.cipher, row.key, row.original or b"")
    except WillNotOpen:
        # A damaged backup says nothing of what was sealed; verification tells of it.
        return None
    try:
        after = cipher.open(target.field.bound_key(row.key), Envelope.parse(row.text))
        code = totp.code(after, target.field.format, at, target.field.totp)
    except NoCode:
        # Recognised by its alphabet but of a length that encodes nothing: no code, then or now.
        return None
    except EnvelopeError:
        return False
    befores = [secret for secret, _ in plain(target, values)]
    if any(_gives(before, target.field, code, at) for before in befores):
        return True
    # An envelope of the application's own, beside the plaintext of another leaf, has no before.
    return None if len(befores) < len(values) else False


def _gives(secret: Secret, field: Field, code: str, at: float) -> bool:
    try:
        return hmac.compare_digest(totp.code(secret, field.format, at, field.totp), code)
    except NoCode:
        return False
