"""django-otp: devices in a table, whose verification saves all of their columns."""

from base64 import b32encode
from typing import Any

from tests.flows.packages.django_site import OnDjango
from tests.flows.packages.package import serve


class DjangoOtp(OnDjango):
    """Devices of `django_otp.plugins.otp_totp`."""

    @property
    def words(self) -> dict[str, Any]:
        return {"seal": {"otp_totp.TOTPDevice.key": "otp_totp_totpdevice.key"}}

    def enrol(self, number: int) -> tuple[str, str]:
        self.start()
        from django.contrib.auth.models import User

        user = User.objects.create(username=f"otp{number}")
        device = self._devices.create(user=user, name="phone", confirmed=True)
        return user.username, b32encode(device.bin_key).decode()

    def accepts(self, user: str, code: str) -> bool:
        self.start()
        from django.contrib.auth.models import User
        from django_otp import match_token

        return match_token(User.objects.get(username=user), code) is not None

    def forget_codes(self) -> None:
        self.start()
        fresh = {"throttling_failure_count": 0, "throttling_failure_timestamp": None}
        self._devices.update(last_t=-1, drift=0, **fresh)

    @property
    def _devices(self) -> Any:
        from django_otp.plugins.otp_totp.models import TOTPDevice

        return TOTPDevice.objects


if __name__ == "__main__":
    serve(DjangoOtp())
