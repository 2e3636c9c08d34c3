"""The verbs that the stories are told in."""

from collections.abc import Iterator
from contextlib import contextmanager
from secrets import token_hex
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from reseal.envelope import looks_sealed
from reseal.integrations.django.current import vault
from reseal.integrations.django.words import words as words_of_the_settings

SECRET, OTHER = "JBSWY3DPEHPK3PXP", "KRSXG5CTMVRXEZLU"


def a_user() -> Any:
    """A user whom nobody else is."""
    return User.objects.create(username=token_hex(8))


def a_device(**words: Any) -> Any:
    """A device that django-otp makes."""
    return TOTPDevice.objects.create(user=a_user(), name="phone", **words)


def column(instance: Any, name: str = "secret") -> Any:
    """What stands in the database, asked past Django's models."""
    table = instance._meta.get_field(name).model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "{name}" FROM {table} WHERE id = %s', [instance.pk])
        return cursor.fetchone()[0]


def set_column(instance: Any, text: str | None, name: str = "secret") -> None:
    """Write as something else than this process does."""
    table = instance._meta.get_field(name).model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f'UPDATE {table} SET "{name}" = %s WHERE id = %s', [text, instance.pk])


def envelope(instance: Any, plain: str, name: str = "secret") -> str:
    """What a run would write."""
    return vault().seal(instance._meta.get_field(name).sealed_as, instance.pk, plain)


def is_sealed(instance: Any, name: str = "secret") -> bool:
    return looks_sealed(column(instance, name))


def code(key: str) -> str:
    """What the phone shows that scanned this key at enrolment."""
    return f"{TOTP(bytes.fromhex(key)).token():06}"


@contextmanager
def words_changed(**words: Any) -> Iterator[None]:
    """Have the site set as it would be with other words in RESEAL."""
    with override_settings(RESEAL={**settings.RESEAL, **words}):
        words_of_the_settings.cache_clear()
        try:
            yield
        finally:
            words_of_the_settings.cache_clear()


def raises(error: type[Exception], work: Any, *said: str) -> None:
    """Do something that must be refused in a sentence which says all this, and no secret."""
    try:
        work()
    except error as refusal:
        text = str(refusal)
        assert all(part in text for part in said), text
        assert SECRET not in text
        assert OTHER not in text
    else:
        raise AssertionError(f"{error.__name__} was not raised")
