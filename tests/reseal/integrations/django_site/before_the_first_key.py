"""Until the first run, the site stores what it always stored."""

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.management import call_command

from reseal.errors import PlaintextRefused
from tests.reseal.integrations.django_site.at_the_desk import (
    OTHER,
    SECRET,
    a_device,
    a_user,
    code,
    column,
    raises,
    words_changed,
)
from tests.reseal.integrations.django_site.models import Person, Shared


def story_migrations_see_no_change() -> None:
    call_command("makemigrations", "otp_totp", "mfa", check=True, dry_run=True, verbosity=0)


def story_a_device_is_stored_in_the_clear_and_verifies() -> None:
    device = a_device()

    assert column(device, "key") == device.key
    assert type(device).objects.get(pk=device.pk).verify_token(code(device.key))


def story_statements_on_many_rows_store_text() -> None:
    first, second = Person.objects.bulk_create([Person(secret=SECRET), Person(secret=SECRET)])
    Person.objects.filter(pk=second.pk).update(secret=OTHER)
    first.secret = OTHER
    Person.objects.bulk_update([first], ["secret"])

    assert column(first) == column(second) == OTHER


def story_a_field_without_rows_is_stored_in_the_clear() -> None:
    assert column(Shared.objects.create(secret=SECRET)) == SECRET


def story_an_authenticator_is_stored_in_the_clear() -> None:
    secret = generate_totp_secret()

    assert TOTP.activate(a_user(), secret).instance.data["secret"] == secret


def story_where_the_policy_refuses_plaintext_none_is_stored() -> None:
    stored = Shared.objects.create(secret=SECRET)
    with words_changed(plaintext="refuse"):
        for write in (
            lambda: Person.objects.create(secret=SECRET),
            lambda: Person.objects.bulk_create([Person(secret=SECRET)]),
            lambda: Shared.objects.filter(pk=stored.pk).update(secret=OTHER),
            lambda: TOTP.activate(a_user(), generate_totp_secret()),
        ):
            raises(PlaintextRefused, write, "run `reseal encrypt` first")
    assert column(stored) == SECRET
