"""What the operator says about login queries: the [optimise] table of reseal.toml."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OptimisePolicy:
    """`queries` are what applications ask at login, with $1 and so on for what they look up."""

    queries: tuple[str, ...] = ()
