"""django-otp and django-allauth, by their own code."""

import copy
import pickle

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from allauth.mfa.totp.internal.auth import yield_hotp_counters_from_time as counters
from allauth.mfa.utils import encrypt
from django.core import serializers
from django_otp.plugins.otp_totp.models import TOTPDevice

from reseal.envelope import looks_sealed
from tests.reseal.integrations.django_site.at_the_desk import (
    a_device,
    a_user,
    code,
    column,
    envelope,
    is_sealed,
    set_column,
)


def story_a_device_is_enrolled_sealed_and_verifies() -> None:
    device = a_device()
    assert is_sealed(device, "key")
    key, before = device.key, column(device, "key")

    assert TOTPDevice.objects.get(pk=device.pk).verify_token(code(key))
    assert not TOTPDevice.objects.get(pk=device.pk).verify_token("000000")
    assert column(device, "key") == before


def story_an_envelope_that_a_run_wrote_meanwhile_survives_verifying() -> None:
    for is_right in (True, False):
        device = a_device()
        key = device.key
        set_column(device, key, "key")
        legacy = TOTPDevice.objects.get(pk=device.pk)
        assert legacy.key == key
        sealed = envelope(device, key, "key")
        set_column(device, sealed, "key")

        assert legacy.verify_token(code(key) if is_right else "000000") is is_right
        assert column(device, "key") == sealed


def story_a_concurrent_enrolment_survives_verifying() -> None:
    device = a_device()
    key = device.key
    old, new = (TOTPDevice.objects.get(pk=device.pk) for _ in range(2))
    new.key = "cd" * 20
    new.save()

    assert old.verify_token(code(key))
    assert TOTPDevice.objects.get(pk=device.pk).key == "cd" * 20


def story_authenticators_are_sealed_and_validate() -> None:
    user, secret = a_user(), generate_totp_secret()
    TOTP.activate(user, secret)
    stored = Authenticator.objects.get(user=user)
    assert looks_sealed(stored.data["secret"])

    right = format_hotp_value(hotp_value(secret, next(counters())))
    assert stored.wrap().validate_code(right)
    assert not stored.wrap().validate_code("000")


def story_recovery_codes_stay_the_same_and_are_used_once() -> None:
    user = a_user()
    codes = RecoveryCodes.activate(user).generate_codes()
    stored = Authenticator.objects.get(user=user)
    assert looks_sealed(stored.data["seed"])
    assert stored.wrap().generate_codes() == codes

    assert stored.wrap().validate_code(codes[0])
    assert not stored.wrap().validate_code(codes[0])
    assert looks_sealed(Authenticator.objects.get(user=user).data["seed"])


def story_legacy_secrets_and_seeds_validate() -> None:
    user, secret, seed = a_user(), generate_totp_secret(), RecoveryCodes.generate_seed()
    of_user = {"user": user}
    totp = Authenticator.objects.create(type="totp", data={"secret": secret}, **of_user)
    recovery = Authenticator.objects.create(
        type="recovery_codes", data={"seed": seed, "used_mask": 0}, **of_user
    )

    assert totp.wrap().validate_code(format_hotp_value(hotp_value(secret, next(counters()))))
    assert recovery.wrap().validate_code(recovery.wrap().generate_codes()[3])


def story_migrated_codes_validate() -> None:
    codes = ["11223344", "55667788"]
    data = {"migrated_codes": [encrypt(codes[0]), codes[1]], "used_mask": 0}
    made = Authenticator.objects.create(user=a_user(), type="recovery_codes", data=data)

    assert looks_sealed(made.data["migrated_codes"][0])
    assert made.wrap().validate_code(codes[0])
    assert made.wrap().validate_code(codes[1])
    assert not made.wrap().validate_code(codes[1])


def story_an_authenticator_that_a_run_sealed_meanwhile_survives_saving() -> None:
    user, seed = a_user(), RecoveryCodes.generate_seed()
    data = {"seed": seed, "used_mask": 0}
    made = Authenticator.objects.create(type="recovery_codes", data=data, user=user)
    legacy = Authenticator.objects.get(pk=made.pk)
    codes, sealed = legacy.wrap().generate_codes(), encrypt(seed)
    Authenticator.objects.filter(pk=made.pk).update(data={**data, "seed": sealed})
    legacy.wrap().mark_as_viewed()

    stored = Authenticator.objects.get(pk=made.pk)
    assert stored.data["seed"] == sealed
    assert stored.wrap().did_view
    assert stored.wrap().generate_codes() == codes


def story_a_changed_leaf_of_an_authenticator_is_written() -> None:
    seeds = [encrypt(RecoveryCodes.generate_seed()) for _ in range(2)]
    made = Authenticator.objects.create(
        type="recovery_codes", data={"seed": seeds[0]}, user=a_user()
    )
    for twin in (copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one)), copy.copy):
        for seed in reversed(seeds):
            loaded = twin(Authenticator.objects.get(pk=made.pk))
            loaded.data["seed"] = seed
            loaded.save()
            assert Authenticator.objects.get(pk=made.pk).data == {"seed": seed}
    loaded.data = {"name": "key"}
    loaded.save()
    assert Authenticator.objects.get(pk=made.pk).data == {"name": "key"}


def story_an_authenticator_is_dumped_as_it_is_stored() -> None:
    secret = generate_totp_secret()
    made = TOTP.activate(a_user(), secret).instance
    stored = Authenticator.objects.get(pk=made.pk)
    for format_ in ("json", "xml", "yaml", "python"):
        assert made.data["secret"] in str(serializers.serialize(format_, [stored]))
