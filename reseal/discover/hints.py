"""What names say: whether a table, column and path speak of MFA. A hint, never a proof."""

import re
from dataclasses import dataclass

from reseal.path import Name, Path

_MFA = (
    r"(?:^|_)(?:[ht]?otp|tfa|gauth)|otp(?:_|$)|2fa|mfa|(?:two|second|multi)_?factor"
    r"|authenticator|google_?auth"
)
_SECRET = r"secret|seed|(?:^|_)key(?:$|_)"
_HOLDER = rf"{_SECRET}|(?:^|_)(?:value|data|config|token|url|uri)(?:$|_)"
# What stands beside secrets in tables of MFA and is none.
_OTHER = (
    r"(?:^|_)(?:id|uid|uuid|guid|hash|hashed|digest|md5|sha_?[0-9]*|checksum|etag|salt|nonce|iv"
    r"|fingerprint|thumbprint|session|csrf|commit|revision|name|email|phone|ip|agent|type"
    r"|algorithm|label|issuer|status|provider|method|challenge|signature)s?(?:$|_)"
)
_SPARE = r"recovery|backup|scratch|emergency|rescue|static"
_CODES = r"code|(?:^|_)pass(?:word)?s?(?:$|_)"
_PICTURE = r"(?:^|_)(?:qr|bar_?code)|qr_?code"
_NOT_YET_OR_NO_MORE = re.compile(
    r"(?:^|_)(?:pending|temp|temporary|tmp|new|next|old|previous|prev|fallback|legacy|backup"
    r"|unverified|unconfirmed|draft)(?:_|$)"
)

_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NO_WORD = re.compile(r"[^a-z0-9]+")


def words(name: str) -> str:
    """Return the words of a name in lower case, joined by underscores."""
    return _NO_WORD.sub("_", _CAMEL.sub("_", name).lower()).strip("_")


@dataclass(frozen=True, slots=True)
class Hint:
    """What the names of a place say.

    `strong`: it holds an MFA secret. `weak`: it holds some secret. `spare`: it holds recovery
    codes. `picture`: it holds a QR code. `other`: its own name says that it is something else.
    """

    strong: bool = False
    weak: bool = False
    spare: bool = False
    picture: bool = False
    other: bool = False


def hint(table: str, column: str, path: Path | None = None) -> Hint:
    """Say what the names of a table, a column and a path in its documents hint at."""
    steps = [step.text for step in path.steps if isinstance(step, Name)] if path else []
    own = "_".join(map(words, [column, *steps]))
    # Of the names around, the last says what the value is: `mfa.issuer` is no secret.
    last = words(steps[-1] if steps else column)
    around = f"{words(table)}_{own}"
    is_other = _has(_OTHER, last) and not _has(r"secret$|seed$", last)
    is_mfa = _has(_MFA, around)
    return Hint(
        strong=not is_other and (_has(_MFA, own) or (is_mfa and _has(_HOLDER, last))),
        weak=not is_other and _has(_SECRET, last),
        spare=not is_other and _has(_SPARE, around) and (is_mfa or _has(_CODES, around)),
        picture=_has(_PICTURE, last) or is_mfa,
        other=is_other,
    )


def of_a_row(table: str, column: str, path: Path | None = None) -> Hint:
    """Say the same where another column of the row says that the row is about MFA."""
    return hint(f"mfa_{table}", column, path)


def is_pending(column: str, secret: str) -> bool:
    """Say whether a column's name is that of a secret which is not yet or no more in force.

    Such a name has a word like `temp` or `legacy`, and a word in common with the secret's own.
    """
    name = words(column)
    if not _NOT_YET_OR_NO_MORE.search(name):
        return False
    shared = set(re.findall(f"{_MFA}|{_SECRET}", name)) & set(
        re.findall(f"{_MFA}|{_SECRET}", words(secret))
    )
    return bool({word.strip("_") for word in shared})


def is_history(table: str, of: str) -> bool:
    """Say whether a table is named as the history or an old copy of another."""
    name, base = words(table), words(of)
    stems = {base, base.removesuffix("s"), base.removesuffix("es")} - {""}
    return any(_of_stem(name, re.escape(stem)) for stem in stems)


def is_audit(table: str) -> bool:
    """Say whether a table is named as the journal of changes of any table."""
    return bool(
        re.fullmatch(
            r"(?:.*_)?(?:audits?|audit_(?:log|trail|event|entrie|entry|record)s?|logged_actions"
            r"|(?:record_)?versions?|change_?logs?|history|histories)",
            words(table),
        )
    )


_BEFORE = r"(?:hist|history|historical|old|audit|log|bak|backup|archived?|deleted)_?"
_AFTER = (
    r"_?(?:hist|history|histories|audits?|audit_log|logs?|versions?|archived?|old|backups?|bak|copy"
    r"|revisions?|shadow|deleted|journal|tmp|temp|prev|previous|new|v?[0-9]+)"
)


def _of_stem(name: str, stem: str) -> bool:
    # Django calls the history of `Device` `app_historicaldevice`.
    return bool(re.fullmatch(rf"{stem}s?{_AFTER}(?:_[0-9]+)*|(?:.*_)?{_BEFORE}{stem}s?", name))


def _has(pattern: str, name: str) -> bool:
    return re.search(pattern, name) is not None
