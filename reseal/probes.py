"""Probes: envelopes that were tampered with in memory and must not open."""

from dataclasses import replace

from reseal.envelope import PREFIX, Envelope
from reseal.errors import EnvelopeError
from reseal.keyring import FieldCipher, Keyring
from reseal.place import KeyPart
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.rows import begins

SAMPLE = "SELECT {secret}, {key} FROM {table} AS t WHERE {sealed} AND ({where}) LIMIT 2"


def probe(store: Store, target: Target, keyring: Keyring) -> dict[str, bool]:
    """Tamper with two envelopes; return, by kind of tampering, whether it was noticed."""
    rows = store.execute(
        SAMPLE,
        secret=target.secret,
        key=target.key_values,
        table=target.table,
        sealed=begins(target.secret, PREFIX),
        where=target.where,
    ).fetchall()
    cipher = keyring.cipher(target.field.name)
    keyed = [(Envelope.parse(text), target.field.bound_key(tuple(key))) for text, *key in rows]
    noticed = _tampered(cipher, *keyed[0]) if keyed else {}
    if len(keyed) == 2 and target.field.binds_row:
        noticed["moved to another row"] = _fails(cipher, keyed[0][0], keyed[1][1])
    return noticed


def _tampered(cipher: FieldCipher, envelope: Envelope, key: tuple[KeyPart, ...]) -> dict[str, bool]:
    flipped = bytes([envelope.ciphertext[0] ^ 1]) + envelope.ciphertext[1:]
    return {
        "another key version": _fails(
            cipher, replace(envelope, key_version=envelope.key_version + 1), key
        ),
        "shortened tag": _fails(cipher, replace(envelope, tag=envelope.tag[:-4]), key),
        "edited ciphertext": _fails(cipher, replace(envelope, ciphertext=flipped), key),
    }


def _fails(cipher: FieldCipher, envelope: Envelope, key: tuple[KeyPart, ...]) -> bool:
    try:
        cipher.open(key, Envelope.parse(str(envelope)))
    except EnvelopeError:
        return True
    return False
