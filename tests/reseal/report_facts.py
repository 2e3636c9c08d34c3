"""Facts of whole runs as the manifest has them, made up but as runs leave them."""

import json
from pathlib import Path
from typing import Any

from tests.reseal.report_parts import (
    FIELD,
    RUN_ID,
    at,
    census,
    checks,
    field,
    key,
    optimised,
    run,
    scores,
    storage,
    tried,
    validated,
    write_batches,
    write_samples,
)


def encrypted(directory: Path, *, batches: int = 200, rows: int = 5000) -> dict[str, Any]:
    """The facts of an encryption that ended well, with its files in the directory."""
    total = batches * rows
    write_batches(directory, FIELD, batches, rows)
    write_samples(directory, max(3, batches // 3))
    (directory / "audit.json").write_text("[]\n")
    (directory / "preflight.json").write_text(json.dumps({"verdict": "warn"}))
    return {
        "format": 1,
        "run": run("encrypt_secrets", "done", f"{total:,} sealed, 3 quarantined", seconds=96.4),
        "parameters": {"options": {"mode": "standard", "fields": [], "guard": True}},
        "operator": "alice",
        "approval": {
            "name": "Bob Weaver",
            "decision": "approved",
            "reason": "change 4711",
            "at": at(20),
            "by": "prefect",
            "saw": {"rows to seal": total, "seconds expected": 90, "risks": ["none known"]},
        },
        "code": {"version": "0.1.0", "revision": "44c8baa"},
        "configuration": {"sha256": "5f" * 32},
        "server": {"version": "18.4", "database": "shop"},
        "keys": {"before": [], "after": [key(1, "active", seals=total)]},
        "fields": {FIELD: field(plain=total, sealed={"1": total}, empty=total // 8)},
        "ledger": {"file": "batches.csv", "batches": batches, "merkle_root": "a7" * 32},
        "preflight": {"verdict": "warn", "checks": checks()},
        "prepare": {
            FIELD: {
                "widened": True,
                "dropped_indexes": ["CREATE INDEX users_mfa ON public.users (mfa_secret)"],
                "shield": {"raised": True, "why": None},
            }
        },
        "backup": {FIELD: {"rows": total, "compared": total, "copy": None}},
        "guard": {FIELD: {"raised": True, "why": None, "shield": "dropped"}},
        "optimise": {FIELD: optimised()},
        "clean": {
            FIELD: {
                "clean": True,
                "steps": [
                    step("before", heap=4000, index=0, statistics=100, wal=8134),
                    step("vacuum", heap=3990, index=0, statistics=100, wal=8134),
                    step("rewrite 1", heap=0, index=0, statistics=100, wal=8134, note="1,620 rows"),
                    step("statistics", heap=0, index=0, statistics=0, wal=8134),
                ],
                "places": [],
                "not_verified": ["log_directory: the server writes its log to the standard error"],
                "elsewhere": [
                    {"what": "dumps of the database", "until": "2026-03-09", "remedy": "delete"}
                ],
            }
        },
        "validation": {FIELD: validated(total)},
        "pacing": {
            "workers": 2,
            "batch_rows": 2000,
            "rests": 0.25,
            "limits": {"login_ms": 10.0, "snapshot_seconds": 3600.0},
            "not_measured": {"replica_lag_seconds": "no standby is connected"},
            "usual_login_ms": 0.21,
            "only_between": None,
            "decisions": [
                {"at": at(31), "what": "batches have 5,000 rows now, as they are fast"},
                {"at": at(58), "what": "a lock timed out: again with half the rows"},
            ],
        },
        "samples": {"file": "samples.csv"},
        "storage": {
            FIELD: {
                "before": storage(total * 9 // 8, heap=88, index=61, toast=0),
                "after": storage(total * 9 // 8, heap=251, index=64, toast=0),
            }
        },
        "scores": scores(),
        "stages": {
            "preflight": 2.1, "prepare": 0.4, "backup": 21.7, "encrypt": 41.2, "validate": 22.9,
            "guard": 1.1, "optimise": 4.8, "clean": 2.2,
        },
        "audit": {"file": "audit.json", "events": 14, "head": "c3" * 32},
    }  # fmt: skip


def refused(directory: Path) -> dict[str, Any]:
    """The facts of a run that preflight refused: there is nothing else."""
    return {
        "format": 1,
        "run": run("encrypt_secrets", "refused", "preflight refused: disk space: 1 GiB free"),
        "parameters": {"options": {"mode": "standard"}},
        "operator": "alice",
        "approval": None,
        "code": {"version": "0.1.0", "revision": None},
        "configuration": {"sha256": "5f" * 32},
        "server": {"version": "18.4", "database": "shop"},
        "keys": {"before": [], "after": []},
        "fields": {FIELD: {**field(plain=1200, empty=40), "after": None, "quarantined": 0}},
        "ledger": {"file": "batches.csv", "batches": 0, "merkle_root": None},
        "preflight": {"verdict": "refuse", "checks": checks("refuse")},
        "validation": {},
        "pacing": None,
        "samples": None,
        "storage": {},
        "stages": {"preflight": 1.2},
    }


def step(name: str, *, wal: int, note: str | None = None, **found: int) -> dict[str, Any]:
    """A step of a cleaning and what was found after it."""
    counts = {**found, "write-ahead log": wal, "server log": None}
    return {"step": name, "seconds": 1.2, "found": counts, "note": note}


def rotated(directory: Path) -> dict[str, Any]:
    """The facts of a rotation from key 1 to key 2."""
    facts = encrypted(directory, batches=40)
    total = 200_000
    before = [key(1, "active", seals=total)]
    after = [key(1, "retiring", seals=total), key(2, "active", seals=total, activated=at(5))]
    held = {**field(sealed={"2": total}), "before": census(sealed={"1": total})}
    return {
        **facts,
        "run": run("rotate_keys", "done", f"{total} resealed", seconds=80),
        "keys": {"before": before, "after": after},
        "fields": {FIELD: {**held, "changed": total}},
        "retirement": {"1": [{"name": "no rows", "verdict": "pass", "evidence": "0 rows"}]},
    }


def verified(directory: Path) -> dict[str, Any]:
    """The facts of a verification, which writes nothing."""
    facts = encrypted(directory)
    counted = census(sealed={"1": 1000}, empty=10)
    part = {**field(), "before": counted, "after": counted, "changed": 0}
    kept = ("format", "operator", "code", "server", "keys", "validation", "stages")
    return {
        **{name: facts[name] for name in kept},
        "run": run("verify_secrets", "done", "1000 envelopes open", seconds=9.5),
        "fields": {FIELD: part},
    }


def rolled_back(directory: Path) -> dict[str, Any]:
    """The facts of an encryption whose validation failed, and which put the originals back."""
    facts = encrypted(directory, batches=12)
    part = {
        **field(plain=60_000),
        "restored": 60_000,
        "failed_claims": ["every envelope opens under a known key"],
    }
    return {
        **facts,
        "run": run("encrypt_secrets", "rolled_back", "3 envelopes of users.mfa_secret are broken"),
        "fields": {FIELD: {**part, "after": census(plain=60_000, empty=10)}},
        "guard": {},
        "optimise": {},
        "clean": {},
    }


def undone(directory: Path) -> dict[str, Any]:
    """The facts of a rollback of an earlier run."""
    facts = rolled_back(directory)
    part = {**facts["fields"][FIELD], "failed_claims": [], "left_alone": 7}
    return {
        **facts,
        "run": run("rollback_run", "partial", "60000 restored, 7 left"),
        "fields": {FIELD: part},
    }


def interrupted(directory: Path) -> dict[str, Any]:
    """The facts of a run that was killed: what the next start found of it."""
    facts = encrypted(directory, batches=30)
    kept = ("format", "operator", "code", "server", "ledger", "preflight", "samples")
    facts["preflight"]["fields"] = {FIELD: census(plain=150_003, empty=10)}
    return {
        **{name: facts[name] for name in kept},
        "run": {
            **run("encrypt_secrets", "interrupted", "killed"),
            "finished": None,
            "seconds": None,
        },
        "fields": {},
    }


def optimised_alone(directory: Path) -> dict[str, Any]:
    """The facts of an optimisation of its own, which touches no row and so counts none."""
    facts = encrypted(directory)
    kept = ("format", "operator", "code", "server")
    part = {**field(), "before": None, "after": None, "quarantined": 0, "rows_set_aside": []}
    return {
        **{name: facts[name] for name in kept},
        "run": run("optimise_schema", "done", "2 login queries; 2 indexes, 1 kept"),
        "fields": {FIELD: part},
        "optimise": {FIELD: tried()},
        "stages": {"optimise": 3.4},
    }


def bare(directory: Path) -> dict[str, Any]:
    """The least that can be known of a run."""
    return {"format": 1, "run": {"run_id": RUN_ID, "flow": "encrypt_secrets", "outcome": "failed"}}


RUNS = {
    "encrypted": encrypted, "refused": refused, "rotated": rotated, "verified": verified,
    "rolled back": rolled_back, "undone": undone, "interrupted": interrupted, "bare": bare,
    "optimised": optimised_alone,
}  # fmt: skip
