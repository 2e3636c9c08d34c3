"""Tell every story, each for itself, and say of each what went wrong.

Run as a process: `python -m tests.reseal.integrations.django_site.tell URL DIRECTORY`. The
stories of `before_the_first_key` come before there is one.
"""

import json
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from traceback import format_exc

BEFORE = "before_the_first_key"
AFTER = ("rows", "saves", "statements", "forms_and_files", "packages", "vaults")


def main() -> None:
    url, directory = sys.argv[1:]
    from tests.reseal.integrations.django_site.site import make_key, open_site

    open_site(url, Path(directory))
    told = {name: told_wrong(story) for name, story in stories(BEFORE)}
    make_key(url)
    told |= {name: told_wrong(story) for room in AFTER for name, story in stories(room)}
    print(json.dumps(told))


def stories(room: str) -> Iterator[tuple[str, Callable[[], None]]]:
    module = import_module(f"{__package__}.{room}")
    # A story may have warnings noted in its module.
    for name, story in list(vars(module).items()):
        if name.startswith("story_"):
            yield f"{room}: {name.removeprefix('story_').replace('_', ' ')}", story


def told_wrong(story: Callable[[], None]) -> str | None:
    try:
        story()
    except Exception:
        return format_exc()
    return None


if __name__ == "__main__":
    main()
