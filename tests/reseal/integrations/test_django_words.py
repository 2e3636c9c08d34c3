"""What is wrong in the settings or in reseal.toml is said when the site starts."""

from dataclasses import replace

import pytest

from reseal.config import Config, parse_config
from reseal.errors import FieldError

pytest.importorskip("django")

from django.core.exceptions import ImproperlyConfigured

from reseal.integrations.django.bound import fields_bound_as
from reseal.integrations.django.words import Words

NAME = "mfa_authenticator"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        (["fields"], "must be a dictionary"),
        ({"fileds": "reseal.toml"}, "unknown word 'fileds' in RESEAL of the settings; known: fie"),
        ({"plaintext": "maybe"}, "must be one of allow, warn, refuse"),
        ({"seal": ["otp_totp.TOTPDevice.key"]}, '"seal" in RESEAL must be a dictionary'),
        ({"kek": None}, '"kek" in RESEAL must be a string'),
        ({"seals": "no"}, '"seals" in RESEAL must be True or False'),
        ({"fields": None}, '"fields" in RESEAL must be a path'),
        ({"allauth": True}, '"allauth" in RESEAL must be a string'),
    ],
)
def test_a_wrong_word_is_refused(said, sentence):
    with pytest.raises(ImproperlyConfigured, match=sentence):
        Words.of(said)


def test_what_is_not_said_has_a_default():
    words = Words.of({"seal": {"users.User.secret": "users.secret"}})

    assert replace(words, seal={}) == Words()


def allauth(*paths: str, **words: str) -> Config:
    """A reseal.toml with an entry for each of these leaves."""
    entry = {"table": "mfa_authenticator", "column": "data", "bind": "field", "bound_name": NAME}
    entries = [{"name": f"{NAME}.{path}", "path": path, **(entry | words)} for path in paths]
    other = {"name": "users.secret", "table": "users", "column": "secret"}
    return parse_config({"field": [other, *entries]})


def test_the_fields_of_allauth_are_those_that_are_bound_to_its_name():
    fields = fields_bound_as(allauth("secret", "seed", "migrated_codes[*]"), NAME)

    assert [str(field.path) for field in fields] == ["secret", "seed", "migrated_codes[*]"]


@pytest.mark.parametrize(
    ("config", "missing"),
    [
        (allauth(), ["secret", "seed"]),
        (allauth("secret"), ["seed"]),
        (allauth("seed", "migrated_codes[*]"), ["secret"]),
        (allauth("secret", "seed", bound_name="another"), ["secret", "seed"]),
        (allauth("secret", "seed", table="authenticator"), ["secret", "seed"]),
    ],
    ids=["none", "no seed", "no secret", "other name", "other table"],
)
def test_a_leaf_that_no_field_covers_is_refused_with_the_entry_to_add(config, missing):
    with pytest.raises(FieldError, match="would be lost with their key") as refusal:
        fields_bound_as(config, NAME)

    for path in ("secret", "seed"):
        assert (f'path = "{path}"' in str(refusal.value)) is (path in missing)


def test_the_entries_to_add_are_right():
    with pytest.raises(FieldError) as refusal:
        fields_bound_as(allauth(), NAME)

    import tomllib

    entries = str(refusal.value).partition("reseal.toml:\n")[2]
    assert fields_bound_as(parse_config(tomllib.loads(entries)), NAME)
