"""django-allauth: authenticators in a JSON column, sealed through the hooks of its adapter."""

from hashlib import sha256
from itertools import count
from typing import Any

from tests.flows.packages.django_site import OnDjango
from tests.flows.packages.package import serve

_LOGINS_BETWEEN_LOOKS = 5


class Allauth(OnDjango):
    """Authenticators of `allauth.mfa`: a TOTP secret and recovery codes for each user."""

    def __init__(self) -> None:
        super().__init__()
        self._logins = count()

    @property
    def words(self) -> dict[str, Any]:
        return {"allauth": "mfa_authenticator"}

    def enrol(self, number: int) -> tuple[str, str]:
        self.start()
        from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
        from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
        from django.contrib.auth.models import User

        user = User.objects.create(username=f"allauth{number}")
        secret = generate_totp_secret()
        TOTP.activate(user, secret)
        # Codes of a wrong seed are as good as any to look at; the name tells which are right.
        user.username += "-" + _digest(RecoveryCodes.activate(user).generate_codes())
        user.save()
        return user.username, secret

    def accepts(self, user: str, code: str) -> bool:
        self.start()
        if next(self._logins) % _LOGINS_BETWEEN_LOOKS == 0:
            codes = _authenticator(user, "recovery_codes").generate_codes()
            assert user.endswith("-" + _digest(codes)), "the recovery codes are not the same"
        return bool(_authenticator(user, "totp").validate_code(code))

    def forget_codes(self) -> None:
        self.start()
        from django.core.cache import cache

        cache.clear()


def _authenticator(user: str, kind: str) -> Any:
    from allauth.mfa.models import Authenticator

    return Authenticator.objects.get(user__username=user, type=kind).wrap()


def _digest(codes: list[str]) -> str:
    return sha256(" ".join(codes).encode()).hexdigest()[:12]


if __name__ == "__main__":
    serve(Allauth())
