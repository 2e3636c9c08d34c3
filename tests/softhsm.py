"""A token of SoftHSM2 (Debian: softhsm2) in a directory of its own."""

import os
import shutil
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

MODULE = os.environ.get("RESEAL_TEST_SOFTHSM", "/usr/lib/softhsm/libsofthsm2.so")
LABEL, PIN, OFFICER = "reseal test", "2718", "31415926"
KEY = "reseal kek"
_MISSING = (
    f"SoftHSM2 is not at {MODULE}: install it (Debian: softhsm2), or name its library in "
    "RESEAL_TEST_SOFTHSM; the program softhsm2-util must be on the path"
)


@dataclass(frozen=True)
class SoftHsm:
    """One directory of tokens, of which the first has a key."""

    directory: Path

    @property
    def uri(self) -> str:
        """The URI of the key; the PIN is in TEST_PIN."""
        return (
            f"pkcs11:token={LABEL.replace(' ', '%20')};object={KEY.replace(' ', '%20')}"
            f"?module-path={MODULE}&pin-source=env:TEST_PIN"
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to use the token; SOFTHSM2_CONF in its real environment."""
        return {"SOFTHSM2_CONF": str(self.directory / "softhsm2.conf"), "TEST_PIN": PIN}

    @property
    def tokens(self) -> Path:
        """Where the tokens lie; away with it, and they are gone."""
        return self.directory / "tokens"

    def add_token(self, label: str = LABEL) -> None:
        """Make a token, whose user has the PIN."""
        names = ("--label", label, "--so-pin", OFFICER, "--pin", PIN)
        subprocess.run(
            ["softhsm2-util", "--init-token", "--free", *names],
            env={**os.environ, **self.environment},
            check=True,
            capture_output=True,
        )

    def add_key(self, label: str = KEY, **attributes: Any) -> None:
        """Make a key on the token, in this process; attributes by their names in PKCS#11."""
        import pkcs11

        given = {pkcs11.Attribute[name]: value for name, value in attributes.items()}
        template = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.AES,
            pkcs11.Attribute.LABEL: label,
            pkcs11.Attribute.TOKEN: True,
            pkcs11.Attribute.PRIVATE: True,
            pkcs11.Attribute.VALUE: os.urandom(32),
            **given,
        }
        token = pkcs11.lib(MODULE).get_token(token_label=LABEL)
        with token.open(rw=True, user_pin=PIN) as session:
            session.create_object(template)

    def add_signer(self, label: str) -> None:
        """Make an Ed25519 key pair on the token."""
        import pkcs11
        from pkcs11.util.ec import encode_named_curve_parameters

        curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters("1.3.101.112")}
        token = pkcs11.lib(MODULE).get_token(token_label=LABEL)
        with token.open(rw=True, user_pin=PIN) as session:
            given = session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, curve, local=True)
            how = pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN
            given.generate_keypair(mechanism=how, store=True, label=label)


def new_hsm(directory: Path) -> SoftHsm:
    """Make a token with a key; SOFTHSM2_CONF must lead this process to the directory too."""
    hsm = SoftHsm(directory)
    hsm.tokens.mkdir(parents=True)
    text = f"directories.tokendir = {hsm.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    (directory / "softhsm2.conf").write_text(text)
    hsm.add_token()
    hsm.add_key()
    return hsm


def need_softhsm() -> None:
    """Skip where SoftHSM2 is missing, or fail where CI is set."""
    if not (Path(MODULE).exists() and shutil.which("softhsm2-util")):
        # A machine of one's own may lack it; where every change is judged it must be there.
        pytest.fail(_MISSING) if os.environ.get("CI") else pytest.skip(_MISSING)


def forget_module() -> None:
    """End the library in this process, so that it reads SOFTHSM2_CONF anew."""
    import pkcs11

    with suppress(pkcs11.PKCS11Error):
        pkcs11.unload(MODULE)
