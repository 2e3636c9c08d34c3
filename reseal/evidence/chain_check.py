"""Check that bundles are a chain: each but the first follows one that is here, none twice."""

from collections import Counter
from collections.abc import Sequence

from reseal.evidence.bundle_check import Finding, Seen
from reseal.evidence.head import HEAD, Head
from reseal.evidence.statement import Link


def wrong_links(bundles: Sequence[Seen]) -> list[Finding]:
    """Name every link that leads nowhere, or where another one leads already."""
    here = {seen.link for seen in bundles}
    by_run = {seen.name: seen.link for seen in bundles}
    followed = Counter(seen.previous for seen in bundles)
    findings = []
    for seen in bundles:
        if seen.link is None:
            continue
        if seen.previous is not None and seen.previous not in here:
            findings.append(_broken(seen, seen.previous, by_run))
        elif followed[seen.previous] > 1:
            before = seen.previous.run_id if seen.previous else "nothing"
            findings.append(Finding(seen.name, f"follows {before}, as another bundle does"))
    if len({seen.chain for seen in bundles if seen.link}) > 1:
        findings.append(Finding("chain", "bundles of several chains are here"))
    return findings


def wrong_head(bundles: Sequence[Seen], head: Head) -> list[Finding]:
    """Name what is not as the signed head says: bundles removed at the end, or added."""
    links = [seen.link for seen in bundles if seen.link]
    followed = {seen.previous for seen in bundles}
    findings = [
        Finding(link.run_id, f"comes after the last bundle that {HEAD} knows")
        for link in links
        if link not in followed and link != head.last
    ]
    if head.last not in links:
        findings.append(Finding(head.last.run_id, f"is missing; {HEAD} says that it is the last"))
    if len(links) != head.bundles:
        findings.append(
            Finding("chain", f"{len(links)} bundles are here, and {HEAD} counts {head.bundles}")
        )
    return findings


def _broken(seen: Seen, previous: Link, by_run: dict[str, Link | None]) -> Finding:
    if previous.run_id in by_run:
        said = f"follows {previous.run_id} as it was written, which is not as it is here"
    else:
        said = f"follows {previous.run_id}, which is missing"
    return Finding(seen.name, said)
