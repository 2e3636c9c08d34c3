"""What a token and its library can refuse, as sentences."""

from reseal.errors import KekError, KekUnreachable
from reseal.kek.refusal import Duty, KeyName, unusable

_MECHANISMS = {
    Duty.WRAPS: "the token has no AES-GCM (CKM_AES_GCM) that takes an iv; use a token that has",
    Duty.SIGNS: "the token has no Ed25519 (CKM_EDDSA); use a token that has",
}
_NO_MECHANISM = ("FunctionNotSupported", "MechanismInvalid", "MechanismParamInvalid")
_WRONG_PIN = "the PIN is wrong; correct it where pin-source says, before more tries lock the token"
_NO_PIN = "the token's user has no PIN yet; set one with the tool of the token"

_REFUSED = {
    "PinIncorrect": _WRONG_PIN,
    "PinInvalid": _WRONG_PIN,
    "PinLenRange": _WRONG_PIN,
    "PinLocked": (
        "the PIN is locked after too many wrong ones; unlock it with the security officer's PIN"
    ),
    "PinExpired": "the PIN has expired; set another with the tool of the token",
    "UserPinNotInitialized": _NO_PIN,
}


def refusal_of(error: Exception, key: KeyName) -> KekError:
    """Return what an exception of python-pkcs11 means for whoever set the key."""
    kind = type(error).__name__
    if kind in _NO_MECHANISM:
        return KekError(unusable(key, _MECHANISMS[key.duty]))
    if kind in _REFUSED:
        return KekError(unusable(key, _REFUSED[kind]))
    if kind == "NoSuchToken":
        why = "no token of this name is there; plug it in, or check token= and serial="
        return KekUnreachable(unusable(key, why))
    why = f"the token or its library fails ({kind}); see that it is plugged in and try again"
    return KekUnreachable(unusable(key, why))
