"""The command line, which keeps a copy of what is pickled for another process.

It is in a file `pickled` of the working directory. Import it as a program only.
"""

import sys
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]


def main() -> int:
    """Run `reseal` with these words."""
    import distributed
    import prefect.task_runners

    from reseal import command

    keep(prefect.task_runners, "cloudpickle_wrapped_call")
    keep(distributed.Client, "submit", leaving_out=1)
    return command.main()


def keep(place: Any, name: str, leaving_out: int = 0) -> None:
    """Add to the file what is given to a function, but for the first of it."""
    work, kept = getattr(place, name), Path("pickled")

    def keeping(*args: Any, **kwargs: Any) -> Any:
        with kept.open("ab") as file:
            file.write(cloudpickle.dumps((args[leaving_out:], kwargs)))
        return work(*args, **kwargs)

    setattr(place, name, keeping)


if __name__ == "__main__":
    sys.exit(main())
