"""Tables about the run itself: what it was told, what it looked at first, how its time went."""

from collections import Counter
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from reseal.report import words
from reseal.report.facts import Facts
from reseal.report.table import Cell, Section, Table, Tone, code, listing, number, text

_VERDICTS = {"ok": Tone.GOOD, "warn": Tone.WARN, "refuse": Tone.BAD, "unknown": Tone.WARN}
_WORST = ("refuse", "warn", "unknown", "ok")

# The manifest has them by name; what a rotation does first comes between.
_ORDER = (
    "preflight", "approval", "count", "report", "stage", "readers", "activate", "prepare", "backup",
    "expect", "encrypt", "reseal", "validate", "rollback", "retire", "guard", "optimise", "clean",
)  # fmt: skip

# What the files of a bundle are, the first pattern that fits.
_FILES = (
    ("manifest.json", "every fact of this page, and the SHA-256 of every file"),
    ("manifest*", "the signature of the manifest"),
    ("*.dsse*", "the signed statement about the files"),
    ("statement*", "the signed statement about the files"),
    ("*.pub", "the public key of the signature"),
    ("*public*", "the public key of the signature"),
    ("opening.json", "what was known before anything happened"),
    ("batches.csv", "the ledger: one line a committed batch"),
    ("samples.csv", "login times and replication lag during the run"),
    ("audit.json", "the audit log, chained by hash"),
    ("pacing.json", "how hard the run might work, and what it decided about that"),
    ("storage.json", "what the tables took on disk, before and after"),
    ("scores.json", "both scores with every term, and advice"),
    ("run.json", "what the command printed"),
    ("preflight.json", "every check before the first write"),
    ("approval.json", "who decided, when, and what they saw"),
    ("prepare-*", "what was changed on the table before the first row"),
    ("backup-*", "the backup and its proof"),
    ("before-retirement.json", "what must be true before an older key goes"),
    ("before-*", "what must be true before the first row is written"),
    ("validation-*", "what opening every value showed"),
    ("expectations-*", "the claims and Data Docs of Great Expectations"),
    ("guard-*", "the constraint that keeps plaintext out"),
    ("optimise-*", "plans of the login query"),
    ("clean-*", "what was cleaned, and what was not verified"),
    ("left-alone-*", "rows that a rollback did not touch, and why"),
    ("retirement.json", "whether older keys may go"),
)


def about_run(facts: Facts) -> Section:
    """Tell which run it was, who ran what where, and the parameters."""
    run, server, made_by = facts.run, facts.part("server"), facts.part("code")
    ledger, audit = facts.part("ledger"), facts.part("audit")
    pairs = [
        ("Run", code(run.get("run_id"))),
        ("Flow and mode", text([run.get("flow"), run.get("mode")])),
        ("Outcome", text([run.get("outcome"), f"exit code {words.told(run.get('exit_code'))}"])),
        ("Started", text(words.time(run.get("started")))),
        ("Finished", text(words.time(run.get("finished")))),
        ("Took", text(words.duration(float(run["seconds"])) if run.get("seconds") else None)),
        ("Operator", text(facts.document.get("operator"))),
        ("Reseal", text(_version(made_by))),
        ("Configuration, SHA-256", code(facts.part("configuration").get("sha256"))),
        ("Database", text([server.get("database"), _server(server)])),
        ("Batches", text(ledger.get("batches"))),
        ("Merkle root of the batches", code(ledger.get("merkle_root"))),
        ("Entries of the audit log", text(audit.get("events"))),
        ("Last hash of the audit log", code(audit.get("head"))),
    ]
    parameters = [(words.label(name), text(value)) for name, value in _parameters(facts)]
    tables = [listing("What, when and where", pairs)]
    tables += [listing("Parameters", parameters)] if parameters else []
    return Section("run", "The run", tuple(tables))


def about_approval(facts: Facts) -> Section | None:
    """Tell who decided, and what they saw."""
    approval = facts.part("approval")
    if not approval:
        return None
    pairs = [
        (words.label(name), text(words.time(value) if name == "at" else value))
        for name, value in approval.items()
        if name != "saw"
    ]
    tables = [listing("The decision", pairs)]
    if saw := approval.get("saw"):
        seen = [(words.label(name), text(value)) for name, value in saw.items()]
        tables.append(listing("What they saw", seen))
    return Section("approval", "Approval", tuple(tables))


def about_preflight(facts: Facts) -> Section | None:
    """Tell what was looked at before anything was written."""
    report = facts.part("preflight")
    if not report:
        return None
    # What is not as it should be comes first.
    checks = sorted(report.get("checks") or [], key=lambda check: _WORST.index(check["verdict"]))
    rows = tuple(
        (
            Cell(words.label(check["name"])),
            text(check.get("field")),
            Cell(check["verdict"], _VERDICTS.get(check["verdict"])),
            Cell(check["value"]),
            Cell(check["limit"]),
            Cell(check["remedy"]),
        )
        for check in checks
    )
    heading = ("Check", "Field", "Verdict", "Found", "Limit", "What to do")
    found = Counter(check["verdict"] for check in checks)
    said = words.listed([f"{words.count(rows)} {verdict}" for verdict, rows in found.items()])
    said = f"Looked at before anything was written: {said}." if said else ""
    table = Table("Checks of the preflight", heading, rows)
    return Section("preflight", "Preflight", (table,), said)


def about_stages(facts: Facts) -> Section | None:
    """Tell how long each stage took."""
    stages = facts.part("stages")
    if not stages:
        return None
    whole = sum(stages.values()) or 1.0
    ordered = sorted(stages.items(), key=lambda stage: _place(stage[0]))
    rows = tuple(
        (
            Cell(words.label(name)),
            number(seconds, words.duration(seconds)),
            number(seconds, f"{100 * seconds / whole:.0f} %"),
        )
        for name, seconds in ordered
    )
    table = Table("Time of the stages", ("Stage", "Took", "Share"), rows)
    return Section("stages", "Stages", (table,))


def about_files(facts: Facts) -> Section | None:
    """Name the files of the record."""
    rows = tuple(_files(facts.directory))
    if not rows:
        return None
    table = Table("Files of the record", ("File", "What it is", "Files", "Size"), rows)
    said = "Beside these stand this page, the manifest, its signature and the public key."
    return Section("files", "Files", (table,), said)


def _place(stage: str) -> int:
    return _ORDER.index(stage) if stage in _ORDER else len(_ORDER)


def _files(directory: Path) -> Iterator[tuple[Cell, ...]]:
    own = {"report.html"}
    for path in sorted(path for path in directory.iterdir() if path.name not in own):
        inside = [one for one in path.rglob("*") if one.is_file()] if path.is_dir() else [path]
        what = next((said for pattern, said in _FILES if fnmatch(path.name, pattern)), words.NONE)
        bytes_ = sum(one.stat().st_size for one in inside)
        name = f"{path.name}/" if path.is_dir() else path.name
        yield code(name), Cell(what), number(len(inside)), number(bytes_, words.size(bytes_))


def _version(made_by: dict[str, Any]) -> str:
    revision = made_by.get("revision")
    version = words.told(made_by.get("version"))
    return f"{version}, revision {revision}" if revision else version


def _server(server: dict[str, Any]) -> str:
    version = words.told(server.get("version"))
    return version if "PostgreSQL" in version else f"PostgreSQL {version}"


def _parameters(facts: Facts) -> list[tuple[str, Any]]:
    given = facts.part("parameters")
    # A flow takes one object of options.
    inner = given.get("options") if set(given) == {"options"} else given
    return list((inner or {}).items())
