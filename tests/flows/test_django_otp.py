"""The tables of django-otp, made by its own migrations, filled and read by its own code."""

import tomllib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from psycopg.conninfo import conninfo_to_dict

from tests.flows.conftest import Ended
from tests.flows.scene import Scene, is_sealed

pytestmark = pytest.mark.slow

DEVICES = 200
FIELD = "otp_totp_totpdevice.key"
Phones = dict[int, bytes]
"""What the users scanned at enrolment, by device id; it never changes."""


@pytest.fixture(scope="module")
def scene(make_scene: Callable[[], Scene]) -> Scene:
    """A database that holds nothing but Django's tables, and no reseal.toml yet."""
    made = make_scene()
    with made.connect() as connection:
        connection.execute("DROP TABLE users")
    (made.directory / "reseal.toml").unlink()
    return made


@pytest.fixture(scope="module")
def devices(scene: Scene) -> Iterator[Any]:
    """The model of django-otp's devices, on the scene's database, migrated."""
    import django
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    parts = conninfo_to_dict(scene.database)
    place = {"NAME": parts["dbname"], "USER": parts.get("user"), "HOST": parts.get("host")}
    secret = {"PASSWORD": parts.get("password", ""), "PORT": parts.get("port", "")}
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **place, **secret}},
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django_otp",
            "django_otp.plugins.otp_totp",
        ],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)
    from django_otp.plugins.otp_totp.models import TOTPDevice

    yield TOTPDevice
    connections.close_all()


@pytest.fixture(scope="module")
def phones(devices: Any) -> Phones:
    """Users enrolled by django-otp's own code."""
    from django.contrib.auth.models import User

    users = User.objects.bulk_create([User(username=f"user{n}") for n in range(DEVICES)])
    made = [devices.objects.create(user=user, name="phone", confirmed=True) for user in users]
    return {device.pk: device.bin_key for device in made}


def who_gets_in(devices: Any, phones: Phones) -> set[int]:
    """The devices whose present code django-otp accepts."""
    from django_otp.oath import TOTP

    # A code counts once in its time step, and this test asks more often than that.
    fresh = {"throttling_failure_count": 0, "throttling_failure_timestamp": None}
    devices.objects.update(last_t=-1, drift=0, **fresh)
    accepted = set()
    for device in devices.objects.all():
        phone = TOTP(phones[device.pk], device.step, device.t0, device.digits)
        if device.verify_token(phone.token()):
            accepted.add(device.pk)
    return accepted


def save(device: Any, phones: Phones, *, right: bool) -> None:
    """Have django-otp verify a code, after which it saves every column that it had read."""
    from django_otp.oath import TOTP

    device.last_t, device.throttling_failure_count = -1, 0
    code = TOTP(phones[device.pk], device.step, device.t0, device.digits).token()
    assert device.verify_token(code if right else (code + 1) % 10**device.digits) is right


def keys(devices: Any) -> dict[int, str]:
    return dict(devices.objects.values_list("pk", "key"))


def run(scene: Scene, *words: str, code: int = 0) -> Ended:
    """A command that ends with this exit code."""
    ended = scene.command_line.run(*words, "--json")
    assert ended.code == code, ended.err
    return ended


def test_a_django_otp_database_is_sealed_and_brought_back(
    scene: Scene, devices: Any, phones: Phones
) -> None:
    originals = keys(devices)
    assert len(originals) == DEVICES
    assert who_gets_in(devices, phones) == phones.keys()

    assert run(scene, "init").document["fields"] == [FIELD]
    written = tomllib.loads((scene.directory / "reseal.toml").read_text())["field"]
    assert written == [
        {"name": FIELD, "table": "public.otp_totp_totpdevice", "column": "key", "format": "hex"}
    ]
    checked = run(scene, "check").document
    assert checked["verdict"] in ("ok", "warn")
    assert checked["fields"][FIELD]["plain"] == DEVICES

    first, second, *_ = devices.objects.order_by("pk")
    sealed = run(scene, "encrypt")
    assert sealed.part(FIELD)["changed"] == DEVICES
    envelopes = keys(devices)
    assert all(map(is_sealed, envelopes.values()))
    # Both had been read as plaintext.
    save(first, phones, right=True)
    save(second, phones, right=False)
    assert keys(devices) == envelopes
    first.refresh_from_db(fields=["last_t"])
    assert first.last_t > 0
    assert run(scene, "verify").document["message"] == (
        f"{DEVICES} envelopes open, 0 values are not sealed"
    )

    undone = run(scene, "rollback", sealed.run_id)
    assert undone.part(FIELD)["restored"] == DEVICES
    assert keys(devices) == originals
    assert who_gets_in(devices, phones) == phones.keys()


@pytest.mark.parametrize("right", [True, False])
def test_without_the_shield_django_otp_writes_back_the_plaintext_that_it_had_read(
    devices: Any, phones: Phones, right: bool
) -> None:
    device = devices.objects.order_by("pk").last()
    plaintext = device.key
    devices.objects.filter(pk=device.pk).update(key="eyJrZXlWZXJzaW9uIjo…")

    save(device, phones, right=right)
    assert keys(devices)[device.pk] == plaintext


def test_a_code_of_another_key_does_not_get_in(devices: Any, phones: Phones) -> None:
    swapped = dict(zip(phones, [*list(phones.values())[1:], bytes(20)], strict=True))
    # One in 300,000 wrong codes is right by chance.
    assert len(who_gets_in(devices, swapped)) <= 1
