"""A progress bar for each stage of each field, for whoever sits at a terminal."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

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
from rich.text import Text

from flows.screen import console


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
