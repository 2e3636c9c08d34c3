"""Secrets of django-allauth, sealed.

    MFA_ADAPTER = "reseal.integrations.django.allauth.SealedMFAAdapter"
    RESEAL = {..., "allauth": "mfa_authenticator"}

The package's hooks know neither the row nor what they are given: TOTP secrets, seeds of recovery
codes and recovery codes of other packages alike. So all of them are bound to one name and not to
rows, and reseal.toml has an entry for each leaf with `bind = "field"` and that `bound_name`: for
`secret`, for `seed`, and where codes of another package were brought along, for
`migrated_codes[*]` with `format = "text"`.

The package saves whole documents, also where it only notes that codes were shown; such a save
leaves the secrets in the database as they are.
"""

from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

from reseal.errors import PlaintextRefused
from reseal.field import Field
from reseal.integrations.django.bound import fields_bound_as
from reseal.integrations.django.current import vault
from reseal.integrations.django.leaves import KeepsLeaves
from reseal.integrations.django.swap import mix_in
from reseal.integrations.django.words import config, words
from reseal.shape import Shape
from reseal.vault_core import Plaintext


class SealedMFAAdapter(DefaultMFAAdapter):
    """Seal what django-allauth stores and open what it reads; subclass it as its own adapter."""

    def encrypt(self, text: str) -> str:
        """Return the envelope, or the text as long as there is no data key."""
        if vault().can_seal:
            return vault().seal(_fields()[0].name, (), text)
        if words().plaintext == Plaintext.REFUSE:
            raise PlaintextRefused(
                "there is no data key to seal an authenticator with, and the policy refuses "
                "plaintext; run `reseal encrypt` first"
            )
        return text

    def decrypt(self, encrypted_text: str) -> str:
        """Return what was sealed, or legacy plaintext, while the policy allows it."""
        fields = _fields()
        field = next((one for one in fields if one.shape(encrypted_text) is Shape.PLAIN), fields[0])
        return vault().read(field.name, (), encrypted_text).reveal()


def attach() -> None:
    """Change how authenticators are saved; raise where of adapter and fields one is missing."""
    is_sealing = issubclass(import_string(app_settings.ADAPTER), SealedMFAAdapter)
    if words().allauth is None and not is_sealing:
        return
    _fields()
    if not is_sealing:
        raise ImproperlyConfigured(
            f'RESEAL has "allauth", but MFA_ADAPTER is {app_settings.ADAPTER}, which opens no '
            f"envelope; set it to {SealedMFAAdapter.__module__}.SealedMFAAdapter or a subclass"
        )
    data = Authenticator._meta.get_field("data")
    if not isinstance(data, KeepsLeaves):
        mix_in(KeepsLeaves, data)


def _fields() -> tuple[Field, ...]:
    name = words().allauth
    if name is None:
        raise ImproperlyConfigured(
            'MFA_ADAPTER needs "allauth" in RESEAL: the bound_name of its fields in reseal.toml'
        )
    return fields_bound_as(config(), name)
