"""The record of a run, with a file of it edited, added, removed, renamed or made unreadable."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from reseal.evidence.bundle_check import KEY
from reseal.evidence.directory import Evidence
from reseal.evidence.statement import MANIFEST, STATEMENT
from tests.bundles import close, differences
from tests.fuzz.edits import edited
from tests.fuzz.subject import Case, need
from tests.scratch import scratch

_VALUES: tuple[Any, ...] = (None, True, 0, 1.5, "", "x", [], {}, [["sha256"]], {"sha256": None})
_NAMES = ("new.json", "data_docs/new.html", "data_docs/manifest.json", "é.txt", " ", "a\nb", "~")


class Bundle(NamedTuple):
    """The files of a directory by their names, and what stands there that is no file to read."""

    files: dict[str, bytes]
    links: dict[str, str]
    """Symbolic links by their names, and where they lead."""


class Bundles:
    """A record as a run writes it."""

    name: ClassVar[str] = "bundles"
    count: ClassVar[int] = 10_000

    def __init__(self) -> None:
        self._directory = scratch("reseal-fuzz-")
        root = Path(self._directory.name)
        evidence = Evidence.of(root / "written", UUID(int=1))
        _write(evidence)
        self.files = {
            path.relative_to(evidence.directory).as_posix(): path.read_bytes()
            for path in evidence.directory.rglob("*")
            if path.is_file()
        }
        self.at = root / "edited" / evidence.directory.name

    def case(self, random: Random) -> Case:
        bundle = Bundle(dict(self.files), {})
        how = random.choice(list(BUNDLE_EDITS))
        BUNDLE_EDITS[how](random, bundle)
        return Case(how, bundle)

    def answer(self, case: Case) -> str:
        bundle: Bundle = case.given
        self._lay_out(bundle)
        changed = sorted(
            name
            for name in self.files.keys() | bundle.files.keys()
            if self.files.get(name) != bundle.files.get(name)
        )
        named = {name.rstrip("/") for name in differences(self.at)}
        # Without the key or the list there is more to say of what is as it was.
        vouching = {MANIFEST, STATEMENT, KEY} & {*changed}
        wanted = {*changed, *bundle.links}
        if vouching:
            need(bool(named & vouching), "what vouches for the bundle was changed unseen")
        else:
            need(named == wanted, "the files named are not those that were changed")
        return "names what was changed" if wanted else "finds nothing changed"

    def _lay_out(self, bundle: Bundle) -> None:
        shutil.rmtree(self.at, ignore_errors=True)
        self.at.mkdir(parents=True)
        for name, content in bundle.files.items():
            path = self.at / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for name, leads_to in bundle.links.items():
            (self.at / name).symlink_to(leads_to)


def _write(evidence: Evidence) -> None:
    evidence.write(
        "run",
        {
            "run_id": evidence.directory.name,
            "outcome": "done",
            "fields": {"users.secret": {"changed": 7}},
        },
    )
    evidence.write("preflight", {"checks": [{"name": "server", "verdict": "ok"}]})
    evidence.write_table("left-alone", ["id", "reason"], [["7", "disabled since"]])
    docs = evidence.directory / "data_docs"
    docs.mkdir()
    (docs / "index.html").write_text("<html></html>")
    (docs / MANIFEST).write_text("{}")
    (docs / "empty").write_bytes(b"")
    close(evidence)


BundleEdit = Callable[[Random, Bundle], None]


def _file(random: Random, bundle: Bundle) -> str:
    return random.choice([name for name in bundle.files if name != MANIFEST] or [MANIFEST])


def _edit(random: Random, bundle: Bundle) -> None:
    name, other = _file(random, bundle), _file(random, bundle)
    bundle.files[name] = edited(random, bundle.files[name], bundle.files[other])[1]


def _remove(random: Random, bundle: Bundle) -> None:
    del bundle.files[_file(random, bundle)]


def _add(random: Random, bundle: Bundle) -> None:
    bundle.files[random.choice(_NAMES)] = random.randbytes(random.randrange(9))


def _rename(random: Random, bundle: Bundle) -> None:
    bundle.files[random.choice(_NAMES)] = bundle.files.pop(_file(random, bundle))


def _swap(random: Random, bundle: Bundle) -> None:
    one, other = _file(random, bundle), _file(random, bundle)
    files = bundle.files
    files[one], files[other] = files[other], files[one]


def _link(random: Random, bundle: Bundle) -> None:
    """Put a link there that leads nowhere, to itself, or to a directory."""
    name = random.choice(("link", "data_docs/link"))
    bundle.links[name] = random.choice(("nowhere", Path(name).name, ".", "/nowhere\n"))


def _manifest_bytes(random: Random, bundle: Bundle) -> None:
    bundle.files[MANIFEST] = edited(random, bundle.files[MANIFEST], b'{"sha256": {}}')[1]


def _manifest_values(random: Random, bundle: Bundle) -> None:
    document = json.loads(bundle.files[MANIFEST])
    listed = document["sha256"]
    match random.randrange(4):
        case 0:
            document[random.choice(("sha256", "x"))] = random.choice(_VALUES)
        case 1:
            listed[random.choice([*listed, "../x", ""])] = random.choice([*_VALUES, "0" * 64])
        case 2:
            listed.pop(random.choice(list(listed)))
        case _:
            document = random.choice(_VALUES)
    indent = random.choice((2, None, 1))
    bundle.files[MANIFEST] = json.dumps(document, indent=indent, sort_keys=True).encode() + b"\n"


def _manifest_deep(random: Random, bundle: Bundle) -> None:
    bundle.files[MANIFEST] = b'{"sha256":' * random.choice((1, 900, 100_000))


def _without_manifest(_random: Random, bundle: Bundle) -> None:
    bundle.files.pop(MANIFEST, None)


def _nothing(_random: Random, _bundle: Bundle) -> None:
    pass


BUNDLE_EDITS: dict[str, BundleEdit] = {
    "a file edited": _edit,
    "a file removed": _remove,
    "a file added": _add,
    "a file renamed": _rename,
    "files swapped": _swap,
    "a link": _link,
    "the manifest edited": _manifest_bytes,
    "other values in the manifest": _manifest_values,
    "a deep manifest": _manifest_deep,
    "no manifest": _without_manifest,
    "unchanged": _nothing,
}
