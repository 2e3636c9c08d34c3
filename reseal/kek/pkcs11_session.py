"""Load a PKCS#11 module and log in to a token."""

from contextlib import suppress
from typing import TYPE_CHECKING

from reseal.errors import KekError
from reseal.kek.pkcs11_uri import Pkcs11Uri
from reseal.kek.refusal import KeyName, unusable

if TYPE_CHECKING:
    from pkcs11 import Session, Token
    from pkcs11._pkcs11 import lib as Library  # noqa: N812


def load(module: str, name: KeyName, *, anew: bool) -> "Library":
    """Load a module, once a process; `anew` starts it over, so that it looks for tokens again."""
    import pkcs11

    try:
        library = pkcs11.lib(module)
        if anew:
            # One that cannot be ended any more counts as ended; `lib` then starts it.
            with suppress(pkcs11.PKCS11Error):
                library.reinitialize()
            library = pkcs11.lib(module)
    except pkcs11.PKCS11Error as error:
        if type(error) is not pkcs11.PKCS11Error:
            raise
    else:
        return library
    why = "its module cannot be loaded; check module-path, or RESEAL_PKCS11_MODULE"
    raise KekError(unusable(name, why))


def log_in(library: "Library", names: Pkcs11Uri, pin: str, name: KeyName) -> "Session":
    """Open a session on the one token that has this name."""
    import pkcs11

    token = _token(library, names, name)
    with suppress(pkcs11.UserAlreadyLoggedIn):
        return token.open(user_pin=pin)
    # The application uses the token for itself too. Without a PIN, closing leaves it logged in.
    return token.open()


def _token(library: "Library", names: Pkcs11Uri, name: KeyName) -> "Token":
    import pkcs11

    found = list(library.get_tokens(token_label=names.token, token_serial=names.serial))
    if not found:
        raise pkcs11.NoSuchToken
    if len(found) > 1:
        why = "several tokens have this name; tell them apart with serial="
        raise KekError(unusable(name, why))
    return found[0]
