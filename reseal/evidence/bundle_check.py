"""Check one bundle by a public key: every file that was changed, removed or added is named."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from reseal.audit.check import check as check_excerpt
from reseal.errors import EvidenceError
from reseal.evidence.batches import BATCHES, merkle_root
from reseal.evidence.bundle import Bundle, place
from reseal.evidence.dsse import opened
from reseal.evidence.manifest import AUDIT, audit_head
from reseal.evidence.public_key import PublicKey
from reseal.evidence.shelf import Shelf
from reseal.evidence.spelling import parsed
from reseal.evidence.statement import (
    MANIFEST,
    PAYLOAD_TYPE,
    STATEMENT,
    link_of,
    need_about,
)

KEY = "key.pub"


class Finding(NamedTuple):
    """Where something is not as it was written, and what."""

    where: str
    what: str

    def as_dict(self) -> dict[str, str]:
        """Return it as the command prints it."""
        return self._asdict()


@dataclass(frozen=True, slots=True)
class Seen(Bundle):
    """A bundle that was checked, and what is wrong with it."""

    findings: tuple[Finding, ...]


def look_at(shelf: Shelf, name: str, files: Iterable[str], keys: list[PublicKey]) -> Seen:
    """Check the bundle of this name; `files` are the names inside it."""
    present = set(files)
    findings: list[Finding] = []
    manifest = _read(shelf, name, MANIFEST, findings)
    if manifest is None:
        return Seen(name, None, None, None, {}, tuple(findings))
    try:
        facts = parsed(manifest, f"{name}/{MANIFEST}")
    except EvidenceError as error:
        findings.append(Finding(f"{name}/{MANIFEST}", f"was changed: {error}"))
        facts = {}
    findings += _of_statement(shelf, name, manifest, keys)
    if facts:
        findings += _of_files(shelf, name, facts, present)
        findings += _of_facts(shelf, name, facts)
    return Seen(name, link_of(name, manifest), *place(facts), facts, tuple(findings))


def published_key(shelf: Shelf, name: str) -> PublicKey | None:
    """Return the key that a bundle says it is signed by, where it holds one."""
    try:
        return PublicKey.parse(shelf.read(f"{name}/{KEY}"), f"{name}/{KEY}")
    except EvidenceError:
        return None


def _read(shelf: Shelf, name: str, file: str, findings: list[Finding]) -> bytes | None:
    try:
        return shelf.read(f"{name}/{file}")
    except EvidenceError:
        findings.append(Finding(f"{name}/{file}", "is missing or cannot be read"))
        return None


def _of_statement(shelf: Shelf, name: str, manifest: bytes, keys: list[PublicKey]) -> list[Finding]:
    findings: list[Finding] = []
    envelope = _read(shelf, name, STATEMENT, findings)
    if envelope is None:
        return findings
    where = f"{name}/{STATEMENT}"
    try:
        payload = opened(envelope, PAYLOAD_TYPE, keys, where)
    except EvidenceError as error:
        return [Finding(where, f"was changed, or another key has signed it: {error}")]
    try:
        need_about(payload, manifest, name)
    except EvidenceError:
        return [Finding(f"{name}/{MANIFEST}", "was changed: another one was signed")]
    return findings


def _of_files(shelf: Shelf, name: str, facts: dict[str, Any], present: set[str]) -> list[Finding]:
    listed = facts.get("sha256")
    if not isinstance(listed, dict):
        return [Finding(f"{name}/{MANIFEST}", "was changed: it lists no files")]
    present = present - {MANIFEST, STATEMENT}
    findings = [Finding(f"{name}/{file}", "was added") for file in sorted(present - listed.keys())]
    for file, digest in sorted(listed.items()):
        if file not in present:
            findings.append(Finding(f"{name}/{file}", "is missing"))
            continue
        content = _read(shelf, name, file, findings)
        if content is not None and sha256(content).hexdigest() != digest:
            findings.append(Finding(f"{name}/{file}", "was changed"))
    return findings


def _of_facts(shelf: Shelf, name: str, facts: dict[str, Any]) -> list[Finding]:
    findings = []
    run = facts.get("run")
    if not isinstance(run, dict) or run.get("run_id") != name:
        findings.append(Finding(name, f"is not the run that its {MANIFEST} is of"))
    ledger = facts.get("ledger")
    if isinstance(ledger, dict) and ledger.get("merkle_root") != _root(shelf, name):
        findings.append(Finding(f"{name}/{BATCHES}", "does not have the Merkle root it should"))
    return [*findings, *_of_audit(shelf, name, facts.get("audit"))]


def _of_audit(shelf: Shelf, name: str, said: Any) -> list[Finding]:
    """Follow the links of the excerpt of the audit log, to the head that the manifest names."""
    if not isinstance(said, dict):
        return []
    where = f"{name}/{AUDIT}"
    try:
        excerpt = json.loads(shelf.read(where))
    except (EvidenceError, ValueError, RecursionError):
        # That it is missing or was changed, its digest tells.
        return []
    faults = check_excerpt(excerpt)
    if not faults and (audit_head(excerpt), excerpt["run"]) != (said.get("head"), name):
        faults = [f"is not the excerpt that its {MANIFEST} is of"]
    return [Finding(where, fault) for fault in faults]


def _root(shelf: Shelf, name: str) -> str | None:
    try:
        return merkle_root(shelf.read(f"{name}/{BATCHES}"))
    except EvidenceError:
        return None
