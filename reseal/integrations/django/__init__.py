"""Secrets of Django models, sealed: an application of `INSTALLED_APPS`.

    INSTALLED_APPS = [..., "reseal.integrations.django"]
    RESEAL = {
        "fields": BASE_DIR / "reseal.toml",
        "kek": "env:RESEAL_KEK",
        "seal": {"otp_totp.TOTPDevice.key": "otp_totp_totpdevice.key"},
    }

`seal` names fields of models that other packages define, and what they are called in reseal.toml.
A model of the application's own has `mfa_secret = SealedTextField(sealed_as="users.mfa_secret")`.
The words of RESEAL are in `words.Words`; what the attribute does is in `field.SealedField`.

A migration's RunPython sees the fields of `seal` as they were: it reads what is stored, and what
it writes is not sealed.
"""

from reseal.integrations.django.current import use
from reseal.integrations.django.field import SealedTextField

__all__ = ["SealedTextField", "use"]
