"""The application that Django starts."""

from django.apps import AppConfig, apps
from django.core.exceptions import ImproperlyConfigured

from reseal.integrations.django.agree import refuse_mismatch
from reseal.integrations.django.saving import listen, sealed_fields
from reseal.integrations.django.swap import swap
from reseal.integrations.django.words import words


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
        if apps.is_installed("allauth.mfa"):
            from reseal.integrations.django.allauth import attach

            attach()
        elif said.allauth is not None:
            raise ImproperlyConfigured(
                'RESEAL has "allauth", but "allauth.mfa" is not in INSTALLED_APPS'
            )
