"""Check all bundles of a shelf by public keys alone: no database, no other key, no network."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from reseal.errors import EvidenceError
from reseal.evidence.announcement import announced
from reseal.evidence.bundle import in_order
from reseal.evidence.bundle_check import Finding, Seen, look_at, published_key
from reseal.evidence.chain_check import wrong_head, wrong_links
from reseal.evidence.contents import Contents, contents
from reseal.evidence.head import HEAD, Head
from reseal.evidence.own_key import OWN_KEY, own_public_key
from reseal.evidence.public_key import PublicKey
from reseal.evidence.shelf import OPEN, Shelf


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to. `is_own_key` says that the key came from the bundles themselves."""

    bundles: tuple[Seen, ...]
    findings: tuple[Finding, ...]
    keys: tuple[PublicKey, ...]
    is_own_key: bool
    head: Head | None
    open: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the document of `reseal evidence verify`."""
        return {
            "verdict": "changed" if self.findings else "intact",
            "bundles": len(self.bundles),
            "head": self.head.last.sha256 if self.head else None,
            "last": self.head.last.run_id if self.head else None,
            "keys": [key.id for key in self.keys],
            "key_from_bundle": self.is_own_key,
            "open": list(self.open),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def check(shelf: Shelf, keys: Iterable[PublicKey] = (), noted: str | None = None) -> Checked:
    """Check every bundle, the links between them and the head.

    Without `keys`, those that the bundles hold are taken, of which only who knows them can say
    whose they are. `noted` is the SHA-256 of a last bundle that was written down elsewhere.
    """
    given, found = tuple(keys), contents(shelf)
    names = sorted(found.files)
    trusted = given or _published(shelf, names)
    seen = tuple(in_order(look_at(shelf, name, found.files[name], list(trusted)) for name in names))
    head, wrong = _head(found, list(trusted), seen)
    findings = [
        *(finding for each in seen for finding in each.findings),
        *wrong_links(seen),
        *wrong,
        *_of_announced(shelf, found.open, list(given)),
        *_of_own_key(shelf, found, trusted),
    ]
    if len(trusted) > 1 and not given:
        findings.append(Finding("chain", "is signed by several keys; name those that you know"))
    if noted is not None and noted not in {each.link.sha256 for each in seen if each.link}:
        findings.append(Finding("chain", f"no bundle is the noted one, {noted}"))
    return Checked(seen, tuple(findings), trusted, not given, head, found.open)


def _head(
    found: Contents, keys: list[PublicKey], seen: tuple[Seen, ...]
) -> tuple[Head | None, list[Finding]]:
    if not seen and found.head is None:
        return None, []
    try:
        head = found.head_by(keys)
    except EvidenceError as error:
        return None, [Finding(HEAD, f"is missing or was changed: {error}")]
    return head, wrong_head(seen, head)


def _of_announced(shelf: Shelf, names: Iterable[str], keys: list[PublicKey]) -> Iterator[Finding]:
    """Check what was announced of open runs, where it is known which keys may have signed."""
    for name in names if keys else ():
        content = _content(shelf, f"{OPEN}/{name}")
        try:
            # On this machine it is a lock, and empty.
            if content:
                announced(content, name, keys)
        except EvidenceError as error:
            what = f"was changed, or another key has signed it: {error}"
            yield Finding(f"{OPEN}/{name}", what)


def _content(shelf: Shelf, name: str) -> bytes | None:
    try:
        return shelf.read(name)
    except EvidenceError:
        # Closed by now.
        return None


def _of_own_key(shelf: Shelf, found: Contents, trusted: tuple[PublicKey, ...]) -> Iterator[Finding]:
    try:
        own = own_public_key(shelf)
    except EvidenceError as error:
        yield Finding(OWN_KEY, f"was changed: {error}")
        return
    # Until the first bundle is closed, or that of a run that is under way, it has signed none.
    if own is not None and found.files and not found.open and own not in trusted:
        yield Finding(OWN_KEY, "holds a key that has signed nothing here")


def _published(shelf: Shelf, names: Iterable[str]) -> tuple[PublicKey, ...]:
    found = {key.pem: key for name in names if (key := published_key(shelf, name))}
    return tuple(found.values())
