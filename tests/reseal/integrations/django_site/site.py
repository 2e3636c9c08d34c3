"""What the site is made of: its settings, its reseal.toml, its tables, its first data key."""

from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

OTP = "otp_totp_totpdevice.key"
ALLAUTH = "mfa_authenticator"
FIELDS = f"""
[[field]]
name = "{OTP}"
table = "public.otp_totp_totpdevice"
column = "key"
format = "hex"

[[field]]
name = "{ALLAUTH}.secret"
table = "public.mfa_authenticator"
column = "data"
path = "secret"
bind = "field"
bound_name = "{ALLAUTH}"

[[field]]
name = "{ALLAUTH}.seed"
table = "public.mfa_authenticator"
column = "data"
path = "seed"
format = "hex"
bind = "field"
bound_name = "{ALLAUTH}"

[[field]]
name = "person.secret"
table = "public.desk_person"
column = "secret"
empty = ["", "none"]

[[field]]
name = "guest.secret"
table = "public.desk_guest"
column = "secret"

[[field]]
name = "named.secret"
table = "public.desk_named"
column = "secret"
key = ["name"]

[[field]]
name = "shared.secret"
table = "public.desk_shared"
column = "secret"
bind = "field"

[[field]]
name = "labelled.secret"
table = "public.desk_labelled"
column = "secret"

[[field]]
name = "short.secret"
table = "public.desk_short"
column = "secret"

[[field]]
name = "aside.secret"
table = "public.desk_aside"
column = "secret"
store = "side"
"""


def open_site(url: str, directory: Path) -> None:
    """Start Django on a database and have its tables made."""
    import django
    from django.conf import settings
    from django.core.management import call_command

    fields = directory / "reseal.toml"
    fields.write_text(FIELDS)
    parts = conninfo_to_dict(url)
    words = {"NAME": "dbname", "USER": "user", "HOST": "host", "PASSWORD": "password"}
    place = {word: parts.get(part) or "" for word, part in {**words, "PORT": "port"}.items()}
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **place}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django_otp",
            "django_otp.plugins.otp_totp",
            "allauth",
            "allauth.account",
            "allauth.mfa",
            "tests.reseal.integrations.django_site.apps.DeskConfig",
            "reseal.integrations.django",
        ],
        MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],
        MFA_ADAPTER="reseal.integrations.django.allauth.SealedMFAAdapter",
        RESEAL={
            "fields": fields,
            "kek": "env:TEST_KEK",
            "seal": {"otp_totp.TOTPDevice.key": OTP, "desk.Short.secret": "short.secret"},
            "allauth": ALLAUTH,
        },
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        OTP_TOTP_THROTTLE_FACTOR=0,
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)


def make_key(url: str) -> None:
    """Make Reseal's schema, a first data key and room for envelopes, as the first run does."""
    import psycopg

    from reseal.access import Access
    from reseal.integrations.django.current import vault
    from reseal.integrations.django.words import config
    from reseal.settings import Settings
    from reseal.store import data_key, schema

    keys = Settings.from_environment().variables
    access = Access(url, config(), "env:TEST_KEK", "env:TEST_KEK", keys)
    store = access.store("test")
    schema.migrate(store)
    data_key.ensure_active(store, access.kek(), "test")
    store.close()
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE otp_totp_totpdevice ALTER COLUMN key TYPE text")
    vault().refresh()
