"""The Django that the packages on it share: they may run beside each other in one database."""

from abc import abstractmethod
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from reseal.settings import Settings
from tests.flows.packages.package import Package

_PARTS = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}

_APPLICATIONS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]
_ADAPTER = "reseal.integrations.django.allauth.SealedMFAAdapter"


class OnDjango(Package):
    """A package whose tables are made by Django's migrations."""

    def __init__(self) -> None:
        self._is_attached = False

    @property
    @abstractmethod
    def words(self) -> dict[str, Any]:
        """What `RESEAL` has besides where the keys and fields are."""

    def attach(self) -> None:
        self._is_attached = True

    def create(self) -> None:
        self.start()
        from django.core.management import call_command
        from django.db import connection

        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(5)")
            call_command("migrate", verbosity=0)
            cursor.execute("SELECT pg_advisory_unlock(5)")

    def start(self) -> None:
        """Start Django, once."""
        import django
        from django.conf import settings

        if not settings.configured:
            settings.configure(**_settings(self.words if self._is_attached else {}))
            django.setup()


def _settings(attached: dict[str, Any]) -> dict[str, Any]:
    said = Settings.from_environment()
    parts = conninfo_to_dict(said.database_url or "")
    words = {word: parts.get(part) or "" for word, part in _PARTS.items()}
    alone = {
        "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql", **words}},
        "INSTALLED_APPS": [*_APPLICATIONS],
        "MIDDLEWARE": ["allauth.account.middleware.AccountMiddleware"],
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        # A phone and the server look at the clock one after the other.
        "MFA_TOTP_TOLERANCE": 1,
        "USE_TZ": True,
    }
    if not attached:
        return alone
    return {
        **alone,
        "INSTALLED_APPS": [*_APPLICATIONS, "reseal.integrations.django"],
        "RESEAL": {"fields": said.config, "kek": said.kek, **attached},
        **({"MFA_ADAPTER": _ADAPTER} if "allauth" in attached else {}),
    }
