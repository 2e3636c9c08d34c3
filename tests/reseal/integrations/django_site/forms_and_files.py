"""Forms show the stored form; files of dumpdata hold it."""

import json

from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.db.migrations.writer import MigrationWriter
from django.forms import modelform_factory
from django.test import override_settings
from django_otp.plugins.otp_totp.models import TOTPDevice

from reseal.integrations.django import SealedTextField
from reseal.integrations.django.agree import refuse_mismatch
from reseal.integrations.django.allauth import attach
from reseal.integrations.django.swap import swap
from tests.reseal.integrations.django_site.at_the_desk import (
    OTHER,
    SECRET,
    a_device,
    column,
    is_sealed,
    raises,
    words_changed,
)
from tests.reseal.integrations.django_site.models import Person


def story_a_form_shows_the_stored_form_and_changes_nothing() -> None:
    device = TOTPDevice.objects.get(pk=a_device().pk)
    before, key = column(device, "key"), device.key
    form_of = modelform_factory(TOTPDevice, fields=["name", "key"])
    shown = form_of(instance=device)
    assert shown["key"].value() == before
    assert key not in str(shown)

    filled = form_of({"name": "tablet", "key": before}, instance=device)
    assert filled.is_valid(), filled.errors
    filled.save()
    device = TOTPDevice.objects.get(pk=device.pk)
    assert (device.name, device.key, column(device, "key")) == ("tablet", key, before)


def story_a_form_takes_a_new_secret_and_validates_it() -> None:
    device = TOTPDevice.objects.get(pk=a_device().pk)
    form_of = modelform_factory(TOTPDevice, fields=["key"])
    assert not form_of({"key": "not hex"}, instance=device).is_valid()

    device = TOTPDevice.objects.get(pk=device.pk)
    form_of({"key": "ab" * 20}, instance=device).save()
    assert is_sealed(device, "key")
    assert TOTPDevice.objects.get(pk=device.pk).key == "ab" * 20


def story_a_form_on_a_row_that_is_new_seals() -> None:
    form = modelform_factory(Person, fields=["name", "secret"])({"name": "x", "secret": SECRET})
    made = form.save()

    assert is_sealed(made)
    assert Person.objects.get(pk=made.pk).secret == SECRET


def story_a_dump_holds_the_stored_form_and_is_loaded_as_it_stands() -> None:
    made, none = Person.objects.create(secret=SECRET), Person.objects.create(secret=None)
    before = column(made)
    dumped = serializers.serialize("json", [made, none])
    assert SECRET not in dumped
    assert [row["fields"]["secret"] for row in json.loads(dumped)] == [before, None]

    for row in (made, none):
        Person.objects.filter(pk=row.pk).delete()
    for object_ in serializers.deserialize("json", dumped):
        object_.save()
    assert (column(made), column(none)) == (before, None)
    assert Person.objects.get(pk=made.pk).secret == SECRET


def story_a_dump_of_damaged_or_foreign_envelopes_is_loaded_too() -> None:
    made, other = Person.objects.create(secret=SECRET), Person.objects.create(secret=OTHER)
    rows = json.loads(serializers.serialize("json", [made]))
    rows[0]["fields"]["secret"] = column(other)
    for object_ in serializers.deserialize("python", rows):
        object_.save()

    assert column(made) == column(other)


def story_plaintext_of_a_file_is_sealed() -> None:
    for key in (Person.objects.create().pk, None):
        row = {"model": "desk.person", "pk": key, "fields": {"name": "filed", "secret": SECRET}}
        (object_,) = serializers.deserialize("python", [row])
        object_.save()
        assert is_sealed(object_.object)
        assert Person.objects.get(pk=object_.object.pk).secret == SECRET


def story_a_migration_writes_down_what_the_field_is_called() -> None:
    written, _ = MigrationWriter.serialize(Person._meta.get_field("secret"))

    assert written == (
        "reseal.integrations.django.SealedTextField"
        "(blank=True, null=True, sealed_as='person.secret')"
    )


def story_a_swapped_field_is_what_it_was_to_migrations() -> None:
    field = TOTPDevice._meta.get_field("key")

    assert field.deconstruct()[1] == "django.db.models.CharField"
    assert type(field.clone()).__mro__[1].__name__ == "Field"


def story_a_field_that_cannot_be_sealed_is_refused_at_the_start() -> None:
    for target in ("key", "otp_totp.TOTPDevice", "otp_totp.Nothing.key", "otp_totp.TOTPDevice.no"):
        raises(ImproperlyConfigured, lambda target=target: swap(target, "x"), "there is no", target)
    for target in ("otp_totp.TOTPDevice.step", "otp_totp.TOTPDevice.key"):
        raises(ImproperlyConfigured, lambda target=target: swap(target, "x"), "no plain text field")


def story_a_field_that_reseal_toml_describes_otherwise_is_refused_at_the_start() -> None:
    for name in ("guest.secret", "mfa_authenticator.secret"):
        field = SealedTextField(sealed_as=name)
        field.set_attributes_from_name("secret")
        field.model = Person
        raises(ImproperlyConfigured, lambda field=field: refuse_mismatch(field), "desk_person")


def story_an_adapter_and_its_word_go_together() -> None:
    with override_settings(MFA_ADAPTER="allauth.mfa.adapter.DefaultMFAAdapter"):
        raises(ImproperlyConfigured, attach, "MFA_ADAPTER", "SealedMFAAdapter")
    with words_changed(allauth=None):
        raises(ImproperlyConfigured, attach, 'needs "allauth" in RESEAL')
