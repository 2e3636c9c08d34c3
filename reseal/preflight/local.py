"""Checks of this machine: the library, and where evidence will be written."""

import os
import platform
import shutil
from pathlib import Path

import psycopg

from reseal import __version__
from reseal.preflight.question import Finding, Question, ok, refuse, unknown, warn
from reseal.preflight.subject import Subject

# libpq 14: the first that keeps server-side binding and cancelling safe with every server here.
OLDEST_LIBPQ = 140000
# What a run of one field leaves, and what Great Expectations needs meanwhile, several times over.
LEAST_ROOM_MB = 32
_MB = 1 << 20


def library(subject: Subject) -> Finding:  # noqa: ARG001
    """Name the versions at work."""
    libpq = psycopg.pq.version()
    value = (
        f"reseal {__version__}, python {platform.python_version()}, "
        f"psycopg {psycopg.__version__}, libpq {libpq // 10000}"
    )
    if libpq < OLDEST_LIBPQ:
        return warn(value, "install psycopg[binary], which brings a newer libpq")
    return ok(value)


def evidence(subject: Subject) -> Finding:
    """Look whether evidence can be written, without writing: the nearest directory that stands."""
    path = subject.plan.evidence
    if path is None:
        return ok("not asked")
    if "://" in path:
        return unknown(path, "see that this process may write there")
    return evidence_at(path)


def evidence_at(path: str) -> Finding:
    """Look whether evidence can be written to a directory."""
    if at_fault := obstacle(Path(path).absolute()):
        return refuse(
            f"{at_fault} cannot be written to", "set RESEAL_EVIDENCE to another directory"
        )
    return room_of(path, shutil.disk_usage(nearest(Path(path).absolute())).free // _MB)


def room_of(path: str, free: int) -> Finding:
    """Judge the megabytes that are free where evidence goes: a run cannot end well without it."""
    if free < LEAST_ROOM_MB:
        remedy = "make room there, or set RESEAL_EVIDENCE to another directory"
        return refuse(f"{path}, {free} MB free", remedy)
    return ok(path)


def obstacle(path: Path) -> Path | None:
    """Return what keeps a directory from being made or written to, if anything does."""
    found = nearest(path)
    return None if os.access(found, os.W_OK | os.X_OK) and found.is_dir() else found


def nearest(path: Path) -> Path:
    """Return the nearest that stands: the path itself, or one that it is in."""
    try:
        return next(place for place in (path, *path.parents) if place.exists())
    except PermissionError as error:
        return Path(error.filename)


LOCAL_CHECKS = (
    Question("local: library", f"libpq {OLDEST_LIBPQ // 10000} or later", library),
    Question(
        "local: evidence", f"a directory that can be written to, {LEAST_ROOM_MB} MB free", evidence
    ),
)
