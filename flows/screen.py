"""What a person at a terminal sees: a progress bar while it runs, tables when it ended.

Everything goes to standard error, so that `--json` has standard output to itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from reseal.copies import spot
from reseal.quarantine.choice import show_key

console = Console(stderr=True, highlight=False)
# For tables that hold run ids: a narrower terminal wraps a line, where rich would cut it off.
_wide_console = Console(stderr=True, highlight=False, width=200)

STYLES = {"ok": "green", "warn": "yellow", "refuse": "bold red", "unknown": "magenta"}
_COUNTS = ("rows", "empty", "plain", "foreign", "unrecognised")
_FATES = ("tried", "sealed", "resealed", "left", "gone")


class RateColumn(ProgressColumn):
    """Rows a second."""

    def render(self, task: Task) -> Text:
        """Return the present rate."""
        return Text(f"{task.speed:,.0f} rows/s" if task.speed else "")


class Watcher:
    """Show each stage of each field as a bar with counts, rate and time left."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}

    def __call__(self, stage: str, field: str, done: int, total: int) -> None:
        """Move the bar of a stage."""
        name = f"{stage} {field}"
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name, total=max(total, 1))
        bar = self._bars[name]
        self._progress.update(bar, completed=done, total=max(total, done, 1))


@contextmanager
def watching() -> Iterator[Watcher]:
    """Show progress for the length of the block, to whoever sits at a terminal."""
    columns: tuple[Any, ...] = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        RateColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        yield Watcher(progress)


def show_checks(document: dict[str, Any]) -> None:
    """Show every preflight check by verdict and value, and a remedy where it is not ok."""
    table = Table.grid(padding=(0, 2))
    for check in document["checks"]:
        verdict = Text(check["verdict"], style=STYLES[check["verdict"]])
        is_ok = check["verdict"] == "ok"
        said = check["value"] if is_ok else f"{check['value']}; {check['remedy']}"
        table.add_row(verdict, Text(check["name"]), Text(said))
    console.print(table)
    console.print(f"preflight: {document['verdict']}, {len(document['checks'])} checks")
    for word in ("unknown", "warn", "refuse"):
        names = [check["name"] for check in document["checks"] if check["verdict"] == word]
        if names:
            say(f"  {word}: {', '.join(dict.fromkeys(names))}")


def show_discovery(document: dict[str, Any]) -> None:
    """Show what holds secrets and whether a field covers it, then copies and triggers."""
    words = ("what", "format", "confidence", "sampled", "matching")
    print_rows(
        [
            {
                "column": _place(found),
                **{word: _present(found[word]) for word in words},
                "field": found["registered"] or "none",
            }
            for found in document["columns"]
        ]
    )
    for copy in document["copies"]:
        rows = f"{copy['rows']:,} of {copy['sampled']:,}"
        say(f"copy of {copy['field']}: {_place(copy)}: {copy['what']} ({rows})")
    for trigger in document["triggers"]:
        say(f"trigger {trigger['trigger']} on {trigger['table']} {trigger['what']}")
    for table in document["not_looked_at"]:
        say(f"not looked at: {table['table']}: {table['why']}")
    if not document["columns"]:
        say("Nothing in the database looks like an MFA secret.")


def show_status(document: dict[str, Any]) -> None:
    """Show each field's census, the keys and the latest runs."""
    fields = document["fields"].items()
    print_rows([{"field": name, **census_cells(census)} for name, census in fields])
    key_words = ("version", "state", "algorithm", "kek", "created", "expires")
    print_rows([{f"key {word}": key[word] for word in key_words} for key in document["keys"]])
    run_words = ("run_id", "flow", "mode", "outcome", "started")
    print_rows([{word: run[word] for word in run_words} for run in document["runs"]])


def show_keys(document: dict[str, Any]) -> None:
    """Show the inventory of keys."""
    words = ("version", "state", "algorithm", "owner", "created", "activated", "expires", "seals",
             "rows", "backup_rows")  # fmt: skip
    print_rows([{word: _present(key[word]) for word in words} for key in document["keys"]])
    for key in document["keys"]:
        if key["compromised"]:
            say(f"key {key['version']} was compromised; known since {_cell(key['compromised'])}")
        elif key["expired"] and key["state"] == "active":
            say(f"key {key['version']} is past its cryptoperiod; run `reseal rotate`")
    if not document["keys"]:
        say("There is no data key yet; the first encryption makes one.")


def show_gates(document: dict[str, Any]) -> None:
    """Show every gate with its evidence, and what opens it where it is closed."""
    table = Table.grid(padding=(0, 2))
    for gate in document["gates"]:
        is_open = gate["verdict"] == "pass"
        verdict = Text(gate["verdict"], style="green" if is_open else "bold red")
        shown = gate["evidence"] if is_open else f"{gate['evidence']}; {gate['remedy']}"
        table.add_row(verdict, Text(gate["name"]), Text(f"{gate['sentence']}\n{shown}"))
    console.print(table)
    say(f"Key {document['version']} is {document['state']}.")


def show_quarantine(document: dict[str, Any], most: int | None) -> None:
    """Show how many rows are set aside by class, then the first of them, or all."""
    print_rows(document["counts"])
    rows = document["rows"][:most]
    words = ("class", "reason", "since", "run_id")
    print_rows(
        [
            {"field": row["field"], "key": show_key(row["key"])}
            | {word: _present(row[word]) for word in words}
            | _decided(row)
            for row in rows
        ]
    )
    if not document["rows"]:
        say("No row is in quarantine.")
    elif len(rows) < len(document["rows"]):
        say(f"The first {len(rows)} of {len(document['rows'])} rows; --all shows every one.")


def _decided(row: dict[str, Any]) -> dict[str, str]:
    if row["accepted"] is None:
        return {"accepted": "", "note": ""}
    return {"accepted": f"{_cell(row['accepted'])} {row['accepted_by']}", "note": row["note"] or ""}


def show_retry(document: dict[str, Any]) -> None:
    """Show what became of each field's rows, and the rows that are left."""
    print_rows(
        [
            {"field": name, **{word: part[word] for word in _FATES}}
            for name, part in document["fields"].items()
        ]
    )
    for name, part in document["fields"].items():
        for row in part["rows_left"][:20]:
            say(f"  {name} {show_key(row['key'])}: {row['reason']}")
    say(document["message"])
    if document["evidence"]:
        say(f"evidence: {document['evidence']}")


def show_backups(document: dict[str, Any]) -> None:
    """Show every backup, then where the copies of each are."""
    words = ("run_id", "field", "taken", "rows", "late_rows", "bytes", "proven", "expires", "kek",
             "shredded", "shredded_by")  # fmt: skip
    found = document["backups"]
    print_rows([{word: _present(one[word]) for word in words} for one in found])
    for one in found:
        for copy in one["copies"]:
            say(f"copy of {one['run_id']} {one['field']}: {copy}")
        if one["expired"] and not one["shredded"]:
            say(f"expired: `reseal backup shred {one['run_id']}` destroys it")
    if not found:
        say("There is no backup.")


def show_proofs(document: dict[str, Any]) -> None:
    """Show what was proven, and what of it no copy has."""
    for one in document["backups"]:
        for part in (one, *one["copies"]):
            if part["proven"]:
                say(f"proven: {part['what']}: {part['rows']:,} rows")
            else:
                say(f"not proven: {part['what']}: {part['why_not']}")
        late = max((copy["late_rows"] for copy in one["copies"]), default=one["late_rows"])
        if late < one["late_rows"]:
            say(f"{one['late_rows']} rows of {one['what']} that came late are in no copy")


def show_shredded(document: dict[str, Any]) -> None:
    """Show what was destroyed, what that means for a rollback, and what is still there."""
    for one in document["shredded"]:
        for name, before in one["shredded_before"].items():
            say(f"{name}: shredded before, {_cell(before['shredded'])} by {before['by']}")
        for name, rows in one["rows"].items():
            sealed = one["still_sealed"][name]
            held = "an unknown number of" if sealed is None else f"{sealed:,}"
            say(f"{name}: {rows:,} originals destroyed; {held} rows cannot be rolled back any more")
        for copy in one["deleted"]:
            say(f"deleted: {copy}")
        for why in one["not_deleted"].values():
            say(f"not deleted: {why}; delete it by hand, it opens with the backup KEK")
    for why in document["refused"].values():
        say(f"not shredded: {why}")
    if not document["shredded"] and not document["refused"]:
        say("No backup is past its date.")


def be_quiet() -> None:
    """Show nothing: who reads lines of JSON reads no tables in between."""
    console.quiet = _wide_console.quiet = True


def say(text: str) -> None:
    """Say what happens next, or how it ended."""
    console.print(text, markup=False, soft_wrap=True)


def print_rows(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    table = Table(box=None, padding=(0, 1), header_style="dim")
    for heading, first in rows[0].items():
        # Nothing is cut off: what is printed is what the next command is given.
        table.add_column(heading, justify="right" if _is_count(first) else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row.values()))
    _wide_console.print(table)


def _present(value: Any) -> Any:
    return "" if value is None else value


def _place(found: dict[str, Any]) -> str:
    return spot(found["table"], found["column"], found["path"])


def _is_count(value: Any) -> bool:
    return isinstance(value, int)


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return f"{value:,}" if _is_count(value) else str(value)


def census_cells(census: dict[str, Any]) -> dict[str, Any]:
    """Return what a census has in the cells of a row."""
    sealed = ", ".join(f"{rows:,} (v{version})" for version, rows in census["sealed"].items())
    return {**{word: census[word] for word in _COUNTS}, "sealed": sealed or "0"}
