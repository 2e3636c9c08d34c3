"""Columns without a limit, of every type that a secret stands in."""

from tests.schemas.plainly import plainly, type_is
from tests.schemas.schema import Schema, raw, secret
from tests.schemas.values import Dice, base32s, mixed

_NONE = (None, "", None, "")


def _texts() -> list[Schema]:
    dice = Dice.of("texts")
    return [
        plainly(
            "text_base32",
            "text",
            "`text` with base32 of 10 to 32 bytes",
            "each value is replaced by its envelope; NULL and `''` stay",
            mixed([secret(dice.base32(size)) for size in (10, 16, 20, 26, 32) * 5], *_NONE),
        ),
        plainly(
            "varchar_unlimited",
            "varchar",
            "`varchar` without a limit",
            "as `text`",
            mixed(base32s(dice), *_NONE),
        ),
        plainly(
            "text_hex",
            "text",
            "hexadecimal in `text`",
            '`format = "hex"`',
            mixed([secret(dice.hex(size)) for size in (10, 20, 32) * 7], *_NONE),
            format="hex",
        ),
        plainly(
            "long_hex_declared",
            "text",
            "hexadecimal as long as another application's ciphertext",
            'sealed once `declared = "plaintext"` says that it is none',
            mixed([secret(dice.hex(72)) for _ in range(20)], *_NONE),
            format="hex",
            declared="plaintext",
        ),
        plainly(
            "text_as_key",
            "text",
            "any string, whose characters are the key",
            '`format = "text"`: kept character by character, nothing trimmed, folded or decoded',
            mixed([secret(each) for each in _strings(dice)], *_NONE),
            format="text",
        ),
        plainly(
            "otpauth_text",
            "text",
            "an otpauth URI",
            '`format = "otpauth"`: the whole URI is the secret, further parameters with it',
            mixed([secret(dice.uri(more)) for more in ("", "&digits=8", "&period=60") * 7], *_NONE),
            format="otpauth",
        ),
        plainly(
            "text_without_case",
            "citext",
            "`citext`",
            "compared without case, kept with it",
            mixed([secret(dice.base32().lower()) for _ in range(20)], *_NONE),
            before="CREATE EXTENSION IF NOT EXISTS citext",
        ),
    ]


def _strings(dice: Dice) -> list[str]:
    ends = (" led", "trailed ", "Mixed", "tab\t", "%s", "ключ", "a\nb", "'\"\\", "🔑", "a,b,c")
    return [f"{dice.base32(5)}{end}" for end in ends for _ in range(2)]


def _domains() -> list[Schema]:
    dice = Dice.of("domains")
    return [
        plainly(
            "domain_text",
            "otp_text NOT NULL",
            "a domain over a domain over `text`",
            "looked through to the type that it is made of",
            mixed(base32s(dice), "", ""),
            before="CREATE DOMAIN otp_base AS text; CREATE DOMAIN otp_text AS otp_base",
        ),
        plainly(
            "domain_wide",
            "otp_wide",
            "a domain over `varchar(300)`",
            "its limit is computed, and suffices",
            mixed(base32s(dice), *_NONE),
            before="CREATE DOMAIN otp_wide AS varchar(300)",
            after=(type_is("domain_wide", "secret", "otp_wide"),),
        ),
    ]


def _bytes() -> list[Schema]:
    dice = Dice.of("bytes")
    odd = [b"\x00" * 20, b"\\" * 20, b"\xff\x00\\101" * 5, b"\\x41" * 5, b"A" * 20]
    ascii_ = [raw(dice.base32().encode()) for _ in range(20)]
    return [
        plainly(
            "bytea_raw",
            "bytea",
            "raw key bytes in `bytea`",
            '`format = "bytes"`: zero, backslash and bytes that are no UTF-8 come back',
            mixed([raw(each) for each in (*odd, *(dice.octets() for _ in range(20)))], None, r"\x"),
            is_bytes=True,
            format="bytes",
        ),
        plainly(
            "bytea_base32",
            "bytea",
            "base32 text in `bytea`",
            "judged by its text",
            mixed(ascii_, None, r"\x"),
            is_bytes=True,
        ),
    ]


def types() -> list[Schema]:
    """Every table of this file."""
    return [*_texts(), *_domains(), *_bytes()]
