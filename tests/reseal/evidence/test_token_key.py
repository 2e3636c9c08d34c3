"""A key pair on a token signs bundles, and its public half checks them."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from reseal.errors import KekError
from reseal.evidence.check import check
from reseal.evidence.directory import Evidence
from reseal.evidence.shelf import LocalShelf
from reseal.evidence.signing_key import open_signing_key
from tests.bundles import close
from tests.softhsm import SoftHsm, forget_module, need_softhsm, new_hsm

SIGNER = "reseal%20evidence"


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SoftHsm]:
    need_softhsm()
    forget_module()
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "hsm" / "softhsm2.conf"))
    hsm = new_hsm(tmp_path / "hsm")
    hsm.add_signer("reseal evidence")
    yield hsm
    forget_module()


def uri(hsm: SoftHsm, name: str) -> str:
    return hsm.uri.replace("object=reseal%20kek", f"object={name}")


def test_what_it_signs_is_checked_by_its_public_half(hsm: SoftHsm, tmp_path: Path) -> None:
    key = open_signing_key(uri(hsm, SIGNER), hsm.environment)
    evidence = Evidence.of(tmp_path / "evidence", UUID(int=1))
    evidence.write("run", {"run_id": evidence.directory.name})

    close(evidence, key)

    checked = check(LocalShelf(tmp_path / "evidence"), [key.public])
    assert (checked.findings, len(checked.bundles)) == ((), 1)


@pytest.mark.parametrize("name", ["nothing", "reseal%20kek"])
def test_a_name_of_no_key_pair_is_refused(hsm: SoftHsm, name: str) -> None:
    key = open_signing_key(uri(hsm, name), hsm.environment)
    with pytest.raises(KekError, match="the token has no public_key of this name"):
        key.sign(b"")
