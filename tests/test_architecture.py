"""The rules about which module may do what, where import-linter cannot say them."""

from __future__ import annotations

import ast
import statistics
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("reseal", "flows", "tasks", "expectations", "deployments")
MAX_LINES_OF_A_FILE = 300
MAX_MEDIAN_OF_A_FUNCTION = 10

# One door for each dependency. A pattern's * also crosses folders.
DOORS = {
    "cryptography": (
        "reseal/keyring.py",
        "reseal/kek/*",
        "reseal/backup.py",
        "reseal/backup/*",
        "reseal/evidence/*_key.py",
    ),
    "pyotp": ("reseal/totp.py",),
    "psycopg": ("reseal/*",),
    "psycopg_pool": ("reseal/*",),
    "fsspec": ("reseal/remote.py",),
    "jinja2": ("reseal/report/page.py", "expectations/views.py"),
    "altair": ("reseal/report/plots.py",),
    "vl_convert": ("reseal/report/plots.py",),
    "numpy": ("reseal/imprints.py", "reseal/residue/needles.py"),
    "sqlglot": ("reseal/optimise/syntax.py",),
    "scipy": ("reseal/pool/forecast.py",),
    "prometheus_client": ("reseal/pool/metrics.py",),
    "prefect": ("flows/*", "tasks/*", "deployments/*"),
    "great_expectations": ("expectations/*",),
}
READS_ENVIRONMENT = "reseal/settings.py"
# Prefect takes its settings from the environment: the module that starts its server may set them.
WRITES_ENVIRONMENT = "flows/server.py"


def files_of(*rooms: str) -> list[str]:
    paths = (path for room in rooms for path in (ROOT / room).rglob("*.py"))
    return sorted(path.relative_to(ROOT).as_posix() for path in paths)


@cache
def tree_of(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"), filename=file)


def imported_packages(tree: ast.AST) -> set[str]:
    """Top-level names of all absolute imports, also those inside functions."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            names.add(node.module)
    return {name.partition(".")[0] for name in names}


def environment_uses(tree: ast.AST) -> set[int]:
    """Lines that reach the process environment through the os module."""
    doors = {"environ", "environb", "getenv", "getenvb", "putenv", "unsetenv"}
    lines = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in doors and is_name(node.value, "os"):
            lines.add(node.lineno)
        elif isinstance(node, ast.ImportFrom) and node.module == "os":
            lines |= {node.lineno for alias in node.names if alias.name in doors}
    return lines


def environment_writes(tree: ast.AST) -> set[int]:
    """Lines that only set: os.environ[...] = ..., or its setdefault and update."""
    lines = set()
    for node in ast.walk(tree):
        match node:
            case ast.Subscript(value=target, ctx=ast.Store()) if is_environ(target):
                lines.add(target.lineno)
            case ast.Attribute(value=target, attr="setdefault" | "update") if is_environ(target):
                lines.add(target.lineno)
    return lines


def is_environ(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "environ" and is_name(node.value, "os")


def is_name(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def function_lengths() -> Iterator[int]:
    for file in files_of(*ROOMS):
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield (node.body[-1].end_lineno or 0) - node.body[0].lineno + 1


@pytest.mark.parametrize(("package", "doors"), DOORS.items(), ids=DOORS)
def test_one_door_for_each_dependency(package, doors):
    outside = [file for file in files_of(*ROOMS) if not any(fnmatch(file, door) for door in doors)]

    assert [file for file in outside if package in imported_packages(tree_of(file))] == []


def test_the_environment_is_read_in_one_module():
    uses = {file: environment_uses(tree_of(file)) for file in files_of(*ROOMS)}
    uses.pop(READS_ENVIRONMENT, None)
    if WRITES_ENVIRONMENT in uses:
        uses[WRITES_ENVIRONMENT] -= environment_writes(tree_of(WRITES_ENVIRONMENT))

    assert {file: lines for file, lines in uses.items() if lines} == {}


def test_files_fit_in_a_head():
    lengths = {
        file: len((ROOT / file).read_text(encoding="utf-8").splitlines())
        for file in files_of(*ROOMS, "tests")
    }

    assert {file: n for file, n in lengths.items() if n > MAX_LINES_OF_A_FILE} == {}


def test_functions_are_short():
    assert statistics.median(function_lengths()) <= MAX_MEDIAN_OF_A_FUNCTION


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import prefect.tasks as t", {"prefect"}),
        ("def f():\n    from cryptography.hazmat import x", {"cryptography"}),
        ("from . import prefect", set()),
    ],
)
def test_an_import_is_seen_wherever_it_stands(code, expected):
    assert imported_packages(ast.parse(code)) == expected


@pytest.mark.parametrize(
    "code", ["os.getenv('A')", "from os import environ", "x = {**os.environ}", "os.environ['A']"]
)
def test_a_read_of_the_environment_is_seen(code):
    tree = ast.parse(code)

    assert environment_uses(tree) - environment_writes(tree) == {1}


@pytest.mark.parametrize(
    "code", ["os.environ['A'] = 'b'", "os.environ.update(a)", "os.environ.setdefault('A', 'b')"]
)
def test_a_write_to_the_environment_is_no_read(code):
    tree = ast.parse(code)

    assert environment_uses(tree) - environment_writes(tree) == set()


HEAVY = {"great_expectations", "numpy", "pandas", "prefect", "scipy", "sqlglot"}


@pytest.mark.parametrize(
    ("loads", "heavy"),
    [
        (
            "reseal, reseal.vault, reseal.async_vault, reseal.users, reseal.pool",
            HEAVY | {"prometheus_client", "typer"},
        ),
        ("flows.cli", HEAVY),
    ],
    ids=["an application", "a command"],
)
def test_nothing_starts_with_what_only_a_run_needs(loads, heavy):
    check = f"import sys, {loads}; sys.exit(', '.join({heavy} & set(sys.modules)) or 0)"
    subprocess.run([sys.executable, "-c", check], check=True, cwd=ROOT)
