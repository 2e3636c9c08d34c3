"""Check all bundles of a shelf by public keys alone: no database, no other key, no network."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from reseal.errors import EvidenceError
from reseal.evidence.bundle_check import Finding, Seen, look_at, published_key
from reseal.evidence.chain_check import in_order, wrong_head, wrong_links
from reseal.evidence.head import HEAD, Head, read_head
from reseal.evidence.public_key import PublicKey
from reseal.evidence.shelf import OPEN, Shelf
from reseal.evidence.statement import STATEMENT


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
    given = tuple(keys)
    files = _by_bundle(shelf)
    still_open = tuple(sorted(name for name in files if _is_open(files, name)))
    names = sorted(files.keys() - {OPEN, *still_open})
    trusted = given or _published(shelf, names)
    seen = tuple(in_order(look_at(shelf, name, files[name], list(trusted)) for name in names))
    findings = [finding for each in seen for finding in each.findings]
    findings += wrong_links(seen)
    head, wrong = _head(shelf, list(trusted), seen)
    findings += wrong
    if len(trusted) > 1 and not given:
        findings.append(Finding("chain", "is signed by several keys; name those that you know"))
    if noted is not None and noted not in {each.link.sha256 for each in seen if each.link}:
        findings.append(Finding("chain", f"no bundle is the noted one, {noted}"))
    return Checked(seen, tuple(findings), trusted, not given, head, still_open)


def _head(
    shelf: Shelf, keys: list[PublicKey], seen: tuple[Seen, ...]
) -> tuple[Head | None, list[Finding]]:
    if not seen and not shelf.has(HEAD):
        return None, []
    try:
        head = read_head(shelf.read(HEAD), keys)
    except EvidenceError as error:
        return None, [Finding(HEAD, f"is missing or was changed: {error}")]
    return head, wrong_head(seen, head)


def _by_bundle(shelf: Shelf) -> dict[str, set[str]]:
    """Return the files of each directory by its name; what stands beside them is not looked at."""
    files: dict[str, set[str]] = {}
    for name in shelf.names():
        directory, slash, rest = name.partition("/")
        if slash:
            files.setdefault(directory, set()).add(rest)
    return files


def _is_open(files: dict[str, set[str]], name: str) -> bool:
    return name in files.get(OPEN, ()) and STATEMENT not in files[name]


def _published(shelf: Shelf, names: Iterable[str]) -> tuple[PublicKey, ...]:
    found = {key.pem: key for name in names if (key := published_key(shelf, name))}
    return tuple(found.values())
