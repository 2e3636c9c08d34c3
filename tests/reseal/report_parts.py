"""The parts that the facts of a run are made of, and the files beside a manifest, made up."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

BEGAN = datetime(2026, 11, 28, 22, 14, 3, tzinfo=UTC)
RUN_ID = "0b6d5f0e-1f4c-4a55-9a7e-3f2f8f3d9c11"
FIELD = "users.mfa_secret"

_BATCHES = (
    "batch_id", "field", "epoch", "turn", "pass", "heap", "first_page", "after_page",
    "key_version", "rows_read", "changed", "moved", "locked", "settled", "empty", "quarantined",
    "left_alone", "seals", "written",
)  # fmt: skip


def run(flow: str, outcome: str, message: str, seconds: float = 1.5) -> dict[str, Any]:
    """Which run it was, and how it ended."""
    return {
        "run_id": RUN_ID, "flow": flow, "mode": "standard", "outcome": outcome, "exit_code": 0,
        "message": message, "started": BEGAN.isoformat(), "finished": at(seconds),
        "seconds": seconds,
    }  # fmt: skip


def field(
    *, plain: int = 0, sealed: dict[str, int] | None = None, empty: int = 0
) -> dict[str, Any]:
    """What a run came to in a field: what was plain is sealed in the end."""
    aside = [
        {"key": [str(n)], "class": "not a secret", "reason": "not base32", "accepted": False}
        for n in range(3)
    ]
    return {
        "before": census(plain=plain + 3, empty=empty),
        "after": census(plain=3, empty=empty, sealed=sealed),
        "changed": sum((sealed or {}).values()),
        "moved": 0, "locked": 0, "quarantined": 3, "accepted": 0, "restored": 0, "left_alone": 0,
        "seconds": 41.2, "rows_set_aside": aside, "failed_claims": [],
    }  # fmt: skip


def census(
    *, plain: int = 0, empty: int = 0, sealed: dict[str, int] | None = None
) -> dict[str, Any]:
    """How many rows hold what."""
    under = sealed or {}
    return {
        "rows": plain + empty + sum(under.values()), "empty": empty, "plain": plain, "foreign": 0,
        "unrecognised": 0, "sealed": under,
    }  # fmt: skip


def key(
    version: int, state: str, *, seals: int = 0, activated: str | None = None
) -> dict[str, Any]:
    """A row of the key inventory."""
    return {
        "version": version, "state": state, "algorithm": "AES-256-GCM", "purpose": "mfa secrets",
        "owner": "alice", "kek": "awskms:alias/mfa", "created": at(3),
        "activated": activated or at(4),
        "retired": None, "disabled": None, "destroyed": None,
        "expires": (BEGAN + timedelta(days=365)).isoformat(), "expired": False,
        "compromised": None, "seals": seals, "opens": 0, "last_opened": None, "backup_rows": seals,
        "strength": 256,
    }  # fmt: skip


def checks(worst: str = "warn") -> list[dict[str, Any]]:
    """Some checks of a preflight."""
    found = [
        ("server version", "18.4", "14 or newer", "ok", ""),
        ("replication", "no standby", "lag below 64 MiB", "ok", ""),
        ("disk space", "1.0 GiB free", "2.4 GiB", worst, "make room, or pass a smaller field"),
    ]
    names = ("name", "value", "limit", "verdict", "remedy")
    return [
        {**dict(zip(names, one, strict=True)), "field": FIELD if place else None}
        for place, one in enumerate(found)
    ]


def optimised() -> dict[str, Any]:
    """What the optimiser tried."""
    before = {"node": "Index Scan", "index": "users_email_key", "cost": 8.44, "milliseconds": 0.031}
    after = {
        "node": "Index Only Scan", "index": "reseal_users_email_login", "cost": 4.44,
        "milliseconds": 0.019,
    }  # fmt: skip
    reason = "cost 8.44 before, 4.44 after"
    return {
        "index": "reseal_users_email_login", "kept": True, "reason": reason, "before": before,
        "after": after,
    }  # fmt: skip


def tried() -> dict[str, Any]:
    """What the optimiser tried on two queries, of which one got an index."""
    done = optimised()
    plans = {when: {**done[when], "pages": pages} for when, pages in (("before", 3), ("after", 2))}
    login = {
        **plans, "query": "SELECT id FROM public.users WHERE email = $1", "source": "the catalog",
        "calls": None, "index": done["index"], "definition": "(email)", "kept": True,
        "why": "3 pages before, 2 after", "failed": False,
    }  # fmt: skip
    other = {
        **login, "query": "SELECT id FROM public.users WHERE plan = $1", "kept": False,
        "after": plans["before"], "index": "reseal_users_plan",
        "why": "the planner does not take it",
    }  # fmt: skip
    return {**done, **plans, "trials": [login, other], "leftovers": []}


def validated(rows: int) -> dict[str, Any]:
    """What must be true and is."""
    sentences = (
        "every row that is not empty holds an envelope", "every envelope opens under a known key",
        "every initialisation vector has 12 bytes", "no initialisation vector stands twice",
        "as many rows as in the backup",
    )  # fmt: skip
    fact = {
        "shape": "sealed", "verdict": "equal to the backup", "key_version": 1, "iv_bytes": 12,
        "tag_bytes": 16, "accepted": False, "rows": rows,
    }  # fmt: skip
    return {
        "success": True,
        "claims": [{"sentence": sentence, "success": True} for sentence in sentences],
        "facts": [fact],
        "probes": {"a truncated tag is noticed": True, "codes are as before": True},
    }


def storage(rows: int, *, heap: int, index: int, toast: int) -> dict[str, int]:
    """What a table takes on disk, given what a row takes."""
    return {
        "rows": rows, "heap_bytes": heap * rows, "index_bytes": index * rows,
        "toast_bytes": toast * rows,
    }  # fmt: skip


def scores() -> dict[str, Any]:
    """Both scores, with terms that are full, not full and unknown; and advice."""
    full = term("guard", "the guard holds", 10, 10, "Plaintext is refused.")
    part = term("secrets sealed", "99.9 %", 21.9, 22, "1,000,000 of 1,000,003 are sealed; 3 plain.")
    unknown = term("residue of plaintext", "unknown", 0, 8, "no cleaning has looked for it")
    advice = {
        "table": "public.users", "what": "drop the unused index users_mfa_old",
        "why": "It was scanned 0 times.", "statement": "DROP INDEX CONCURRENTLY users_mfa_old;",
    }  # fmt: skip
    return {
        "fields": [FIELD],
        "security": score("security score", full, part, unknown),
        "storage": score("storage efficiency", term("bloat", "2 %", 25, 25, "2 % of it is idle.")),
        "advice": [advice],
        "no_advice": {"public.devices": "permission denied for table devices"},
    }


def score(name: str, *terms: dict[str, Any]) -> dict[str, Any]:
    """A score of these terms."""
    points = sum(one["points"] for one in terms)
    return {
        "name": name, "value": int(points), "points": points, "out_of": 100,
        "measured": sum(one["measured"] for one in terms), "terms": list(terms),
    }  # fmt: skip


def term(name: str, value: str, points: float, most: int, sentence: str) -> dict[str, Any]:
    """A term of a score."""
    return {
        "name": name, "value": value, "points": points, "most": most,
        "measured": 0 if value == "unknown" else most, "sentence": sentence,
    }  # fmt: skip


def at(seconds: float) -> str:
    """A moment of the run."""
    return (BEGAN + timedelta(seconds=seconds)).isoformat()


def write_batches(directory: Path, name: str, batches: int, rows: int) -> None:
    """Write the ledger; one batch in twenty met a row that was in other hands."""
    with (directory / "batches.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_BATCHES)
        writer.writerows(_batches(name, batches, rows))


def _batches(name: str, batches: int, rows: int) -> Iterator[list[Any]]:
    seconds, random = 26.0, Random(7)
    for number in range(batches):
        size = rows if number > batches // 20 else rows * 2 // 5
        seconds += size / random.gauss(26_000, 2_500) / (0.6 if 0.5 < number / batches < 0.6 else 1)
        yield [
            number + 1, name, 1, "seal", 1, "", number * 60, number * 60 + 60, 1, size, size,
            0, 0, 0, 0, 0, 0, size, at(seconds),
        ]  # fmt: skip


def write_samples(directory: Path, samples: int) -> None:
    """Write what logins took; with a standby that is now and then behind."""
    random = Random(11)
    with (directory / "samples.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["at", "login_ms", "replication_lag_bytes"])
        for number in range(samples):
            slow = random.expovariate(1.2) if random.random() < 0.1 else 0
            login = 0.45 + random.gammavariate(2, 0.08) + slow
            lag = max(0, int(random.gauss(200_000, 150_000))) if number % 9 else 1_600_000
            writer.writerow([at(4 + number * 1.3), f"{login:.3f}", lag])
