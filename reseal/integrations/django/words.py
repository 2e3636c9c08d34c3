"""The words of `settings.RESEAL`, read strictly: an unknown word is an error, not a default."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from reseal.config import Config, load_config
from reseal.vault_core import Plaintext

APPLICATION = "reseal.integrations.django"


@dataclass(frozen=True, slots=True)
class Words:
    """What the application set.

    `fields` is the path of reseal.toml and `kek` the URI of the key-encryption key. `plaintext`
    says what becomes of secrets that are not sealed yet: "allow", "warn" or "refuse". `seal` has
    the name in reseal.toml for each "app.Model.field". `allauth` is the `bound_name` of the fields
    of django-allauth. `seals` False reads envelopes and writes none, as around a rollback.
    `using` is the alias of the database.
    """

    fields: Path | str = "reseal.toml"
    kek: str = "env:RESEAL_KEK"
    plaintext: str = Plaintext.ALLOW
    seal: Mapping[str, str] = field(default_factory=dict)
    allauth: str | None = None
    seals: bool = True
    using: str = "default"

    @classmethod
    def of(cls, said: Any) -> "Words":
        """Read a dictionary; raise ImproperlyConfigured for a word that is none."""
        if not isinstance(said, Mapping):
            raise ImproperlyConfigured("RESEAL in the settings must be a dictionary")
        known = [word.name for word in fields(cls)]
        for word in said:
            if word not in known:
                raise ImproperlyConfigured(
                    f"unknown word {word!r} in RESEAL of the settings; known: {', '.join(known)}"
                )
            if not isinstance(said[word], _TYPES[word]):
                raise ImproperlyConfigured(f'"{word}" in RESEAL must be {_NAMES[_TYPES[word]]}')
        words = cls(**said)
        if words.plaintext not in list(Plaintext):
            choices = ", ".join(Plaintext)
            raise ImproperlyConfigured(f'"plaintext" in RESEAL must be one of {choices}')
        return words


_TYPES: Mapping[str, Any] = {
    "fields": Path | str,
    "kek": str,
    "plaintext": str,
    "seal": Mapping,
    "allauth": str | None,
    "seals": bool,
    "using": str,
}
_NAMES = {
    Path | str: "a path",
    str: "a string",
    str | None: "a string",
    Mapping: "a dictionary",
    bool: "True or False",
}


@cache
def words() -> Words:
    """Return the words of this process's settings."""
    if not apps.is_installed(APPLICATION):
        raise ImproperlyConfigured(f"add {APPLICATION!r} to INSTALLED_APPS")
    return Words.of(getattr(settings, "RESEAL", {}))


@cache
def config() -> Config:
    """Return the fields that reseal.toml describes."""
    return load_config(Path(words().fields))
