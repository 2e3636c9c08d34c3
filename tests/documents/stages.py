"""The stages of a flow in the order in which its code takes them, found by following its calls."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]


class Taken(NamedTuple):
    """A stage, and whether it is on a way that ends the flow early."""

    name: str
    is_branch: bool


@dataclass(frozen=True)
class Module:
    """One module of flows/: its functions, and what its imports call what."""

    functions: dict[str, ast.FunctionDef]
    modules: dict[str, str]
    names: dict[str, tuple[str, str]]


def stages_of(module: str, function: str) -> list[Taken]:
    """Return each stage once, where the code takes it first."""
    found: dict[str, Taken] = {}
    for taken in _function(module, function, {}, False):
        found.setdefault(taken.name, taken)
    return list(found.values())


def _function(module: str, name: str, given: dict[str, str], is_branch: bool) -> Iterator[Taken]:
    for statement in _read(module).functions[name].body:
        yield from _statement(module, statement, given, is_branch)


def _statement(
    module: str, node: ast.AST, given: dict[str, str], is_branch: bool
) -> Iterator[Taken]:
    if isinstance(node, ast.Call):
        yield from _call(module, node, given, is_branch)
    leaves = isinstance(node, ast.If) and isinstance(node.body[-1], ast.Return)
    for child in ast.iter_child_nodes(node):
        on_branch = is_branch or (leaves and child in getattr(node, "body", []))
        yield from _statement(module, child, given, on_branch)


def _call(module: str, call: ast.Call, given: dict[str, str], is_branch: bool) -> Iterator[Taken]:
    if isinstance(call.func, ast.Attribute) and call.func.attr == "stage":
        yield Taken(_text(call.args[0], given) or "", is_branch)
        return
    called = _called(module, call.func)
    if called is None:
        return
    parameters = _read(called[0]).functions[called[1]].args.args
    texts = zip(parameters, call.args, strict=False)
    handed_on = {one.arg: text for one, value in texts if (text := _text(value, given))}
    yield from _function(*called, handed_on, is_branch)


def _called(module: str, function: ast.expr) -> tuple[str, str] | None:
    """Return the module and name of a function of flows/ that is called."""
    known, found = _read(module), None
    if isinstance(function, ast.Name):
        found = known.names.get(function.id, (module, function.id))
    elif isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        of = known.modules.get(function.value.id)
        found = (of, function.attr) if of else None
    if found is None or not _is_ours(found[0]) or found[1] not in _read(found[0]).functions:
        return None
    return found


def _text(value: ast.expr, given: dict[str, str]) -> str | None:
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        return value.value
    return given.get(value.id) if isinstance(value, ast.Name) else None


def _is_ours(module: str) -> bool:
    return module.startswith("flows.") and _path(module).exists()


def _path(module: str) -> Path:
    return (ROOT / module.replace(".", "/")).with_suffix(".py")


@cache
def _read(module: str) -> Module:
    tree = ast.parse(_path(module).read_text(encoding="utf-8"))
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom)]
    called = [(one.module or "", alias) for one in imports for alias in one.names]
    return Module(
        {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)},
        {alias.asname or alias.name: f"{of}.{alias.name}" for of, alias in called},
        {alias.asname or alias.name: (of, alias.name) for of, alias in called},
    )
