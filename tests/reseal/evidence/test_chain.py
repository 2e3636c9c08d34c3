"""All bundles are a chain: whatever was edited, removed or put in another order shows."""

import shutil
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from reseal.evidence.check import check
from reseal.evidence.head import HEAD
from reseal.evidence.own_key import OWN_KEY, keep
from reseal.evidence.shelf import LocalShelf
from reseal.evidence.signing_key import LocalSigningKey
from reseal.evidence.statement import MANIFEST, STATEMENT
from reseal.kek.local import LocalKek
from tests.bundles import KEY, bundle
from tests.fuzz.edits import edited

RUNS = 5


def name(number: int) -> str:
    return str(UUID(int=number))


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("untouched")
    keep(LocalShelf(root), KEY, [LocalKek("env:TEST", bytes(32))])
    for number in range(1, RUNS + 1):
        bundle(root, number, preflight={"checks": [{"name": "server", "verdict": "ok"}]})
    return root


@pytest.fixture
def root(untouched: Path, tmp_path: Path) -> Path:
    return shutil.copytree(untouched, tmp_path / "root")


def found(root: Path, *, noted: str | None = None) -> list[str]:
    """The findings of a check by the key that an auditor was given, in words."""
    return [
        f"{where} {what}" for where, what in check(LocalShelf(root), [KEY.public], noted).findings
    ]


def test_an_untouched_chain_is_in_order_and_nothing_is_found(root: Path) -> None:
    checked = check(LocalShelf(root), [KEY.public])

    assert checked.findings == ()
    assert [seen.name for seen in checked.bundles] == [name(n) for n in range(1, RUNS + 1)]
    assert checked.head is not None
    assert (checked.head.bundles, checked.head.last) == (RUNS, checked.bundles[-1].link)
    assert found(root, noted=checked.head.last.sha256) == []


def test_without_a_key_that_of_the_bundles_is_taken_and_told(root: Path) -> None:
    checked = check(LocalShelf(root))
    assert (checked.findings, checked.is_own_key, checked.keys) == ((), True, (KEY.public,))


def test_nothing_at_all_is_intact(tmp_path: Path) -> None:
    assert check(LocalShelf(tmp_path / "nowhere"), [KEY.public]).as_dict()["verdict"] == "intact"


def test_a_removed_bundle_is_named_by_the_one_that_follows_it(root: Path) -> None:
    shutil.rmtree(root / name(3))
    assert f"{name(4)} follows {name(3)}, which is missing" in found(root)


def test_a_bundle_removed_at_the_end_is_missed_by_the_head(root: Path) -> None:
    shutil.rmtree(root / name(RUNS))
    assert f"{name(RUNS)} is missing; {HEAD} says that it is the last" in found(root)


def test_an_older_head_is_found_by_the_noted_one(root: Path, untouched: Path) -> None:
    last = check(LocalShelf(root)).head
    assert last is not None
    shutil.rmtree(root)
    for number in range(1, RUNS):
        bundle(root, number)
    assert found(root) == []

    assert found(root, noted=last.last.sha256) == [
        f"chain no bundle is the noted one, {last.last.sha256}"
    ]


def test_a_bundle_that_was_written_in_place_of_another(root: Path) -> None:
    elsewhere = root.parent / "elsewhere"
    for number in (1, 2, 3):
        bundle(elsewhere, number, preflight={"checks": []})
    shutil.rmtree(root / name(3))
    shutil.copytree(elsewhere / name(3), root / name(3))

    said = found(root)
    assert f"{name(4)} follows {name(3)} as it was written, which is not as it is here" in said


def test_a_bundle_of_another_chain(root: Path) -> None:
    bundle(root.parent / "elsewhere", 9)
    shutil.copytree(root.parent / "elsewhere" / name(9), root / name(9))

    said = found(root)
    assert f"{name(9)} follows nothing, as another bundle does" in said
    assert "chain bundles of several chains are here" in said


def test_two_bundles_that_follow_the_same_one(root: Path) -> None:
    before = shutil.copytree(root, root.parent / "before")
    bundle(root, 6)
    bundle(before, 7)
    shutil.copytree(before / name(7), root / name(7))

    said = found(root)
    assert f"{name(6)} follows {name(5)}, as another bundle does" in said
    assert f"{name(7)} follows {name(5)}, as another bundle does" in said


def test_another_key_in_place_of_the_own_one(root: Path) -> None:
    keep(LocalShelf(root), LocalSigningKey.new(), [LocalKek("env:TEST", bytes(32))])
    assert found(root) == [f"{OWN_KEY} holds a key that has signed nothing here"]


def test_a_chain_that_somebody_else_has_signed(root: Path, tmp_path: Path) -> None:
    other = LocalSigningKey.new().public
    findings = check(LocalShelf(root), [other]).findings
    assert {where for where, _ in findings} == {
        HEAD, OWN_KEY, *(f"{name(number)}/{STATEMENT}" for number in range(1, RUNS + 1))
    }  # fmt: skip


def _files(root: Path) -> list[Path]:
    kept = (path for path in root.rglob("*") if path.is_file())
    return sorted(path for path in kept if not path.relative_to(root).as_posix().startswith("."))


def _edit(dice: Random, root: Path) -> None:
    path, other = dice.choice(_files(root)), dice.choice(_files(root))
    before = path.read_bytes()
    while path.read_bytes() == before:
        path.write_bytes(edited(dice, before, other.read_bytes())[1])


def _remove_file(dice: Random, root: Path) -> None:
    dice.choice(_files(root)).unlink()


def _add_file(dice: Random, root: Path) -> None:
    directory = dice.choice([path.parent for path in _files(root) if path.parent != root])
    (directory / f"new-{dice.randrange(9)}").write_bytes(dice.randbytes(dice.randrange(9)))


def _rename_file(dice: Random, root: Path) -> None:
    path = dice.choice(_files(root))
    path.rename(path.with_name(f"{path.name}.old"))


def _swap_files(dice: Random, root: Path) -> None:
    """Swap two files of the same name between bundles: statements, manifests, results."""
    one, other = dice.sample(range(1, RUNS + 1), 2)
    file = dice.choice((MANIFEST, STATEMENT, "run.json", "opening.json"))
    _swap(root / name(one) / file, root / name(other) / file)


def _swap_bundles(dice: Random, root: Path) -> None:
    one, other = dice.sample(range(1, RUNS + 1), 2)
    _swap(root / name(one), root / name(other))


def _swap(one: Path, other: Path) -> None:
    aside = one.with_name(f"{one.name}.aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


def _remove_bundle(dice: Random, root: Path) -> None:
    shutil.rmtree(root / name(dice.randint(1, RUNS)))


def _truncate(dice: Random, root: Path) -> None:
    for number in range(dice.randint(2, RUNS), RUNS + 1):
        shutil.rmtree(root / name(number))


def _copy_bundle(dice: Random, root: Path) -> None:
    number = dice.randint(1, RUNS)
    shutil.copytree(root / name(number), root / name(dice.randint(RUNS + 1, 99)))


def _rename_bundle(dice: Random, root: Path) -> None:
    number = dice.randint(1, RUNS)
    (root / name(number)).rename(root / dice.choice((name(RUNS + 7), "aside")))


EDITS = (
    _edit, _edit, _edit, _remove_file, _add_file, _rename_file, _swap_files, _swap_bundles,
    _remove_bundle, _truncate, _copy_bundle, _rename_bundle,
)  # fmt: skip


def test_two_hundred_random_edits_are_all_found(untouched: Path, tmp_path: Path) -> None:
    missed = []
    for seed in range(200):
        dice = Random(seed)
        at = shutil.copytree(untouched, tmp_path / str(seed))
        edit = dice.choice(EDITS)
        edit(dice, at)
        if not found(at):
            missed.append((seed, edit.__name__))
        shutil.rmtree(at)
    assert missed == []


def test_none_of_fifty_untouched_chains_is_accused(tmp_path: Path) -> None:
    accused = []
    for seed in range(50):
        dice, root = Random(seed), tmp_path / str(seed)
        for number in range(1, dice.randint(2, 7)):
            bundle(root, number, preflight={"checks": dice.randbytes(4).hex()})
        accused += found(root)
    assert accused == []
