"""The application that Django starts."""

from django.apps import AppConfig, apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from reseal.integrations.django.agree import refuse_mismatch
from reseal.integrations.django.bound import fields_bound_as
from reseal.integrations.django.saving import listen, sealed_fields
from reseal.integrations.django.swap import swap
from reseal.integrations.django.words import config, words

_ADAPTER = "reseal.integrations.django.allauth.SealedMFAAdapter"


class SealedConfig(AppConfig):
    """Seals the fields that the settings name, and refuses to start where they do not fit."""

    name = "reseal.integrations.django"
    label = "reseal"
    verbose_name = "Reseal"

    def ready(self) -> None:
        """Swap and check fields; the database is not asked before a secret is."""
        said = words()
        for target, sealed_as in said.seal.items():
            swap(target, sealed_as)
        listen()
        for model in apps.get_models():
            for field in sealed_fields(model):
                refuse_mismatch(field)
        if said.allauth is not None:
            fields_bound_as(config(), said.allauth)
        elif getattr(settings, "MFA_ADAPTER", None) == _ADAPTER:
            raise ImproperlyConfigured(
                'MFA_ADAPTER needs "allauth" in RESEAL: the bound_name of its fields in reseal.toml'
            )
