"""The `reseal` command: it belongs to the pipeline, which an application need not install."""

import sys
from importlib import import_module, util

from reseal.collector import collect_seldom
from reseal.leaving import Leaving


def main() -> int:
    """Run the command line, or say in one sentence that the pipeline is not installed."""
    if util.find_spec("flows") is None or util.find_spec("typer") is None:
        print(
            "The reseal command runs from a checkout or the container image; "
            "this environment has only the library.",
            file=sys.stderr,
        )
        return 2
    # By name, because the library must not know the flows.
    return int(import_module("flows.cli").main())


def run() -> None:
    """Be the program, from its first moment to its last."""
    leaving = Leaving()
    collect_seldom()
    leaving.code = main()
    sys.exit(leaving.code)


if __name__ == "__main__":
    run()
