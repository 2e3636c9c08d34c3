"""Put off what Great Expectations imports and Reseal never asks it for."""

import sys
from importlib.util import LazyLoader, find_spec, module_from_spec


def defer(name: str) -> None:
    """Have a module loaded when something of it is first used, instead of where it is imported.

    What is not installed, or is imported already, stays as it is. See importlib.util.LazyLoader.
    """
    if name in sys.modules:
        return
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        return
    spec.loader = LazyLoader(spec.loader)
    module = sys.modules[name] = module_from_spec(spec)
    package, _, own = name.rpartition(".")
    if package:
        setattr(sys.modules[package], own, module)
    spec.loader.exec_module(module)
