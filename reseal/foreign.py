"""What other libraries write in place of a secret: ciphertext, signed text, pickles, hashes.

The patterns mean the same to Python's re (with DOTALL) and to PostgreSQL: no \\d, no \\s, no \\x,
no look-behind, and never a percent sign, which the driver would take for a placeholder.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from reseal.envelope import PREFIX


class Nature(StrEnum):
    """What was done to the secret, if it is one."""

    ENCRYPTED = "encrypted"
    SIGNED = "signed"
    PICKLED = "pickled"
    HASHED = "hashed"
    DAMAGED = "damaged"
    """An envelope of our own that no longer begins as one."""


_ADDITIONS = {
    Nature.ENCRYPTED: "",
    Nature.SIGNED: ", signed only",
    Nature.PICKLED: ", pickled",
    Nature.HASHED: ", hashed",
    Nature.DAMAGED: ", damaged",
}


@dataclass(frozen=True, slots=True)
class Foreign:
    """One layout; `body` is its pattern without the anchor at the beginning."""

    name: str
    nature: Nature
    body: str

    @property
    def pattern(self) -> str:
        """The whole regular expression."""
        return rf"\A(?:{self.body})"

    @property
    def label(self) -> str:
        """The name, and what was done to the secret where that is not encryption."""
        return self.name + _ADDITIONS[self.nature]

    @property
    def reason(self) -> str:
        """Why a row that holds this is quarantined."""
        match self.nature:
            case Nature.ENCRYPTED:
                return f"encrypted by another application ({self.name})"
            case Nature.SIGNED:
                return f"only signed, not encrypted ({self.name})"
            case Nature.PICKLED:
                return "a pickle, which Reseal does not load"
            case Nature.HASHED:
                return "a password hash"
            case Nature.DAMAGED:
                return "an envelope whose first characters are damaged"


_HEX = "[0-9A-Fa-f]"
_BASE64 = "[A-Za-z0-9+/]"
_URLSAFE = "[A-Za-z0-9_-]"
_PADDED = _BASE64 + "{16,}={0,2}"
# Without its padding it could be a signature.
_WHOLE = f"(?:{_BASE64}{{4}})+(?:{_BASE64}{{2}}==|{_BASE64}{{3}}=)?"
_END = r"(?:\r?\n)?\Z"
# To the end ASCII that can be printed. Without it one in 200,000 raw keys would have such a mark
# by chance; the backslash is left out because a raw key in PostgreSQL's escape form is full of it.
_PRINTABLE = r"[\u0020-\u005b\u005d-\u007e]+" + _END

# Text inside brackets, inside base64, at each of the three offsets that it can have there: the
# old MessageEncryptor signs `ciphertext--iv`, which must not be mistaken for signed plaintext.
_SIGNED_CIPHERTEXT = (
    rf"{_BASE64}+(?:LS[01]{_BASE64}{{32}}=|[CSiy]0t{_BASE64}{{32}}|tL[S-X]{_BASE64}{{32}}==)"
)
_DIGEST = "(?:[0-9a-f]{40}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})"

# Bytes of a bytea are tried as encode(..., 'escape') gives them, and as bytea_output does.
_PICKLE_2 = r"\\200(?:[\u0002\u0003]|\\00[23])[}(XcUC\u005d].*[.]\Z"
_PICKLE_4 = r"\\200(?:[\u0004\u0005]|\\00[45])\\225.*(?:\\000){6}"

ENCRYPTED, SIGNED, PICKLED, HASHED, DAMAGED = Nature

# One character off, whichever it is: taken for plaintext, it would be sealed once more.
_NEARLY_OURS = "|".join(f"{PREFIX[:at]}.{PREFIX[at + 1 :]}" for at in range(len(PREFIX)))

# Each begins with a mark of its own, which few secrets share, so that both engines pass over all
# of them at the first character. None of them can be base32 of one case.
MARKED = (
    Foreign("Fernet", ENCRYPTED, "gAAAAA|Z0FBQUFB.*[a-z]"),
    Foreign("Vault Transit", ENCRYPTED, "vault:v[0-9]+:"),
    Foreign("Laravel", ENCRYPTED, "eyJpdiI6"),
    Foreign("JWE", ENCRYPTED, rf"eyJ{_URLSAFE}*(?:[.]{_URLSAFE}*){{4}}{_END}"),
    # A middle part of six characters is a time: that is itsdangerous, below.
    Foreign(
        "JWS",
        SIGNED,
        rf"eyJ{_URLSAFE}*[.](?:{_URLSAFE}{{0,5}}|{_URLSAFE}{{7,}})[.]{_URLSAFE}*{_END}",
    ),
    Foreign("PASETO", SIGNED, "v[0-9]+[.]public[.]"),
    Foreign("PASETO", ENCRYPTED, "v[0-9]+[.]local[.]"),
    Foreign("version prefix", ENCRYPTED, rf"v[0-9]+[:.]{_PRINTABLE}"),
    Foreign("enc: prefix", ENCRYPTED, "(?:enc|ENC|encrypted|ENCRYPTED):"),
    Foreign("ENC[...]", ENCRYPTED, r"ENC(?:\[|\()"),
    Foreign("Spring Cloud", ENCRYPTED, "[{]cipher[}]"),
    Foreign("Rails encrypted attribute", ENCRYPTED, r'[{] *"[ph]" *:'),
    Foreign("GoTrue", ENCRYPTED, r'[{].*"key_id" *:'),
    Foreign("passlib", ENCRYPTED, r'[{].*"enckey" *:'),
    Foreign("JSON with ciphertext", ENCRYPTED, r'[{].*"(?:iv|ct|ciphertext|Crypted)" *:'),
    Foreign("Cloak", ENCRYPTED, r"(?:\u0001|\\001)(?:\n|\\012)AES[.](?:GCM|CTR)[.]|AQpBRVMu"),
    Foreign("OpenSSL", ENCRYPTED, "U2FsdGVkX1|Salted__"),
    Foreign("Ansible Vault", ENCRYPTED, "[$]ANSIBLE_VAULT;"),
    Foreign(
        "OpenPGP",
        ENCRYPTED,
        "-----BEGIN PGP MESSAGE|ww0E(?:Bw|CA|CQ)M|c30d040[7-9]03"
        r"|\\303(?:\r|\\015)(?:\u0004|\\004)(?:[\u0007-\u0009]|\\007|\\01[01])",
    ),
    Foreign("OpenPGP", SIGNED, "-----BEGIN PGP SIGNED MESSAGE"),
    Foreign(
        "age",
        ENCRYPTED,
        "age-encryption[.]org/|-----BEGIN AGE ENCRYPTED FILE|YWdlLWVuY3J5cHRpb24u",
    ),
    # KMS by itself, and two versions of the Encryption SDK.
    Foreign("AWS", ENCRYPTED, "AQICAH[g-j]|AYADe|AgV4"),
    Foreign("django-mfa", SIGNED, "mfa1:"),
    Foreign(
        "pickle in base64",
        PICKLED,
        rf"gA[SW]V{_BASE64}{{3}}AAAAAAA"
        rf"|gA(?:[JN][9dYjVD]|[IM]o)[A-Za-z0-9+/\n]*(?:u|4=|Lg==){_END}|KG[Rx]w",
    ),
    Foreign("pickle", PICKLED, rf"{_PICKLE_2}|{_PICKLE_4}|[(][dl]p[0-9]+\n"),
    Foreign(
        "password hash",
        HASHED,
        "[$](?:2[abxy]?|argon2(?:id|i|d)|pbkdf2(?:-sha[0-9]+)?|s?crypt|bcrypt(?:-sha256)?|[1567y]"
        rf"|gy|sha1|apr1|[PHS])[$]{_PRINTABLE}"
        "|(?:pbkdf2_sha(?:1|256)|argon2|bcrypt(?:_sha256)?|scrypt|md5|sha1|sha256)[$]"
        "|(?:pbkdf2|scrypt):[^$]*[$]"
        "|[{](?:S?SHA[0-9]*|S?MD5|CRYPT|ARGON2|BCRYPT|BLF-CRYPT|PBKDF2[A-Z0-9-]*)[}]",
    ),
    Foreign("Reseal", DAMAGED, _NEARLY_OURS),
    Foreign("Better Auth", ENCRYPTED, rf"[$]ba[$]{_PRINTABLE}"),
    Foreign("$name$ prefix", ENCRYPTED, rf"[$][A-Za-z0-9_-]+[$]{_PRINTABLE}"),
)

# These are told by what is between their separators, so the whole value has to be read.
UNMARKED = (
    Foreign(
        "Nextcloud",
        ENCRYPTED,
        rf"[0-9a-f]{{16,}}[|][0-9A-Za-z+/]{{16,32}}[|][0-9a-f]{{64,}}(?:[|][0-9]+)?{_END}",
    ),
    Foreign("Rails MessageEncryptor", ENCRYPTED, rf"{_SIGNED_CIPHERTEXT}--{_DIGEST}{_END}"),
    Foreign("Rails MessageVerifier", SIGNED, rf"{_BASE64}+={{0,2}}--{_DIGEST}{_END}"),
    Foreign(
        "Rails MessageEncryptor",
        ENCRYPTED,
        rf"{_BASE64}+={{0,2}}--{_PADDED}(?:--{_PADDED})?{_END}",
    ),
    Foreign("iv:ciphertext", ENCRYPTED, rf"{_HEX}{{16,}}(?::{_HEX}{{16,}}){{1,2}}{_END}"),
    Foreign(
        "iv:ciphertext",
        ENCRYPTED,
        rf"(?:{_BASE64}{{16}}|{_BASE64}{{22}}==)(?::{_WHOLE}){{1,2}}{_END}",
    ),
    Foreign(
        "itsdangerous",
        SIGNED,
        rf"[.]?{_URLSAFE}+(?:[.]{_URLSAFE}{{6}})?[.](?:{_URLSAFE}{{27}}|{_URLSAFE}{{86}}){_END}",
    ),
    Foreign(
        "django signing",
        SIGNED,
        rf"(?:[^:]*:)+(?:{_URLSAFE}{{27}}|{_URLSAFE}{{43}}){_END}",
    ),
)

# The first that fits gives the name.
KINDS = MARKED + UNMARKED

MARK = rf"\A(?:{'|'.join(kind.body for kind in MARKED)})"
# Anywhere in a value; without one of these it is none of UNMARKED. An otpauth URL has them, and
# is long enough to make the server try each layout for tens of microseconds.
SEPARATOR = "[.:|]|--"
OTPAUTH = r"\A[Oo][Tt][Pp][Aa][Uu][Tt][Hh]://"

_MARK = re.compile(MARK, re.DOTALL)
_OTPAUTH = re.compile(OTPAUTH)
_UNMARKED = re.compile(rf"\A(?:{'|'.join(kind.body for kind in UNMARKED)})", re.DOTALL)
_COMPILED = [(re.compile(kind.pattern, re.DOTALL), kind) for kind in KINDS]


def is_foreign(text: str) -> bool:
    """Say whether another library wrote this value."""
    if _MARK.match(text):
        return True
    # What has letters and digits only has no separator, and that is most of what there is.
    if text.isalnum() or _OTPAUTH.match(text):
        return False
    return _UNMARKED.match(text) is not None


def kind_of(text: str) -> Foreign | None:
    """Name the library that wrote this value, or None."""
    return next((kind for pattern, kind in _COMPILED if pattern.match(text)), None)


def describe_foreign(text: str) -> str:
    """Say why a value that is foreign is quarantined."""
    kind = kind_of(text)
    return kind.reason if kind else "encrypted by another application"
