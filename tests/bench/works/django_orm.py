"""Django with an encrypted field of django-fernet-encrypted-fields, which reads plaintext too."""

import os
from typing import Any

import django
from django.conf import settings
from psycopg.conninfo import conninfo_to_dict

from tests.bench.site import Site
from tests.bench.spent import Spent, counted
from tests.bench.table import Keys
from tests.bench.works.batches import batches

_BATCH = 500


def save(site: Site) -> Spent:
    """Save every object's secret."""
    user = _user(site)
    with counted(site) as spent:
        for one in user.objects.only("id", "mfa_secret").iterator():
            one.save(update_fields=["mfa_secret"])
    return spent


def bulk_update(site: Site) -> Spent:
    """Save the secrets of many objects by one statement."""
    user = _user(site)
    with counted(site) as spent:
        for batch in batches(list(user.objects.only("id", "mfa_secret")), _BATCH):
            user.objects.bulk_update(batch, ["mfa_secret"])
    return spent


def _user(site: Site) -> Any:
    place = conninfo_to_dict(site.url)
    database = {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": place["dbname"],
        "USER": place["user"],
        "HOST": place["host"],
        "PORT": place.get("port", ""),
    }
    settings.configure(
        DATABASES={"default": database},
        SECRET_KEY=os.urandom(16).hex(),
        SALT_KEY=os.urandom(16).hex(),
        USE_TZ=True,
    )
    django.setup()
    return _model(site)


def _model(site: Site) -> Any:
    # Fields can only be declared once the settings are there.
    from django.db import models
    from encrypted_fields import EncryptedTextField  # type: ignore[import-untyped]

    is_uuid = site.table.keys is Keys.UUID

    class User(models.Model):  # type: ignore[misc]
        """A user, whose secret is encrypted on its way to the column."""

        id: Any = (models.UUIDField if is_uuid else models.BigAutoField)(primary_key=True)
        mfa_secret = EncryptedTextField()

        class Meta:
            """A table that Django did not make."""

            app_label = "bench"
            db_table = "users"
            managed = False

    return User
