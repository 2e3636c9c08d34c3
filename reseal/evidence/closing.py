"""Close a bundle: list its files, say which bundle it follows, sign that, and move the head.

A closing that is killed is done anew by the next one: what it has left is not signed yet, or is
the bundle that the head does not know, which is found by the bundles themselves.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reseal.errors import EvidenceError
from reseal.evidence.bundle import in_order, read_bundle
from reseal.evidence.bundle_check import KEY
from reseal.evidence.contents import contents
from reseal.evidence.directory import Evidence, locked
from reseal.evidence.dsse import signed
from reseal.evidence.head import HEAD, Head, read_head
from reseal.evidence.shelf import LocalShelf, Shelf
from reseal.evidence.signing_key import SigningKey
from reseal.evidence.spelling import spelled
from reseal.evidence.statement import MANIFEST, PAYLOAD_TYPE, STATEMENT, Link, link_of, statement

# Says which bundle was noted elsewhere as the last one of a chain, None where nobody has noted any.
Noted = Callable[[str], Link | None]


@dataclass(frozen=True, slots=True)
class Closing:
    """Where bundles go, and who signs them."""

    shelf: Shelf
    key: SigningKey

    def close(self, evidence: Evidence, facts: dict[str, Any], noted: Noted) -> Head:
        """Close the bundle of a run and return the new head of the chain."""
        with locked(evidence.root):
            if self.is_closed(evidence.directory.name):
                raise EvidenceError(
                    "another machine, to which the run was lost, has closed its bundle; what this "
                    f"one knows is in {evidence.directory}"
                )
            before = self.head()
            # A chain is called by its first run.
            chain = before.chain if before else evidence.directory.name
            previous = self._previous(before, noted)
            (evidence.directory / KEY).write_bytes(self.key.public.pem)
            placed = facts | {"chain": chain, "previous": previous and previous.as_dict()}
            manifest = spelled(placed | {"sha256": _digests(evidence)})
            self._keep(evidence, manifest)
            last = link_of(evidence.directory.name, manifest)
            head = Head(chain, (before.bundles if before else 0) + 1, last)
            self.shelf.put(HEAD, head.signed(self.key))
        evidence.let_go()
        return head

    def _keep(self, evidence: Evidence, manifest: bytes) -> None:
        """Write manifest and statement; elsewhere, all files before them."""
        name = evidence.directory.name
        if not isinstance(self.shelf, LocalShelf):
            for file in _content(evidence):
                self.shelf.put(f"{name}/{file}", (evidence.directory / file).read_bytes())
        self.shelf.put(f"{name}/{MANIFEST}", manifest)
        self.shelf.put(f"{name}/{STATEMENT}", signed(statement(manifest), PAYLOAD_TYPE, self.key))

    def is_elsewhere(self, root: Path) -> bool:
        """Whether bundles are kept in another place than that in which they come about."""
        return self.shelf.where != str(root)

    def is_closed(self, name: str) -> bool:
        """Say whether the bundle of a run is in the chain."""
        if not self.shelf.has(f"{name}/{STATEMENT}"):
            return False
        # One that still follows the head was signed, and then its closing was killed.
        head = self.head()
        return head is not None and read_bundle(self.shelf, name).previous != head.last

    def has_all(self, evidence: Evidence) -> bool:
        """Say whether the closed bundle of a run has every file that is here, as it is here."""
        listed = read_bundle(self.shelf, evidence.directory.name).facts.get("sha256") or {}
        return evidence.digests().items() <= listed.items()

    def head(self) -> Head | None:
        """Return the head as it is kept, or as the bundles show it where it is not to be had."""
        try:
            return read_head(self.shelf.read(HEAD), [self.key.public])
        except EvidenceError:
            # Signed by an earlier key, behind by a bundle, removed or changed.
            return self._seen()

    def _seen(self) -> Head | None:
        names = sorted(contents(self.shelf).files)
        closed = in_order(read_bundle(self.shelf, name) for name in names)
        known = [(bundle.chain, bundle.link) for bundle in closed if bundle.link]
        if not known:
            return None
        chain, last = known[-1]
        return Head(str(chain), len(known), last)

    def _previous(self, before: Head | None, noted: Noted) -> Link | None:
        if before is None:
            return None
        known = noted(before.chain)
        # A noted bundle that is gone stays missed for good: the chain goes on from it.
        return before.last if known is None or self._has(known) else known

    def _has(self, link: Link) -> bool:
        try:
            return link_of(link.run_id, self.shelf.read(f"{link.run_id}/{MANIFEST}")) == link
        except EvidenceError:
            return False


def _content(evidence: Evidence) -> list[str]:
    return [name for name in evidence.files() if name not in (MANIFEST, STATEMENT)]


def _digests(evidence: Evidence) -> dict[str, str]:
    digests = evidence.digests()
    return {name: digests[name] for name in _content(evidence)}
