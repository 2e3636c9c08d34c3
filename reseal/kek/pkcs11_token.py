"""A token that a `pkcs11:` URI names, and what is done on it, one at a time."""

from collections.abc import Callable, Mapping
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from reseal.errors import KekError, KekUnreachable
from reseal.kek.pin import pin_from
from reseal.kek.pkcs11_refusal import refusal_of
from reseal.kek.pkcs11_session import load, log_in
from reseal.kek.pkcs11_uri import Pkcs11Uri
from reseal.kek.refusal import Duty, KeyName, extra_missing, unusable

if TYPE_CHECKING:
    from pkcs11 import Session

Result = TypeVar("Result")

# A login is the whole process's, so the tokens are used by one thread at a time.
_TURN = Lock()


class Token:
    """Work on a token; safe to share by threads.

    A session lasts for one piece of work. They are few, and a token that goes away and comes
    back in between leaves nothing stale.
    """

    def __init__(self, text: str, environment: Mapping[str, str], duty: Duty) -> None:
        if find_spec("pkcs11") is None:
            raise extra_missing("pkcs11", "python-pkcs11", duty)
        self.names = Pkcs11Uri.parse(text)
        self.name = KeyName(duty, f"pkcs11:{text}")
        self._environment = environment
        self._module = self.names.module or environment.get("RESEAL_PKCS11_MODULE") or ""
        if not self._module:
            why = "no module is named; add ?module-path=PATH to it, or set RESEAL_PKCS11_MODULE"
            raise KekError(unusable(self.name, why))

    def within(self, act: Callable[["Session"], Result]) -> Result:
        """Do something in a session; raise KekError where token, PIN or library refuse."""
        from pkcs11 import PKCS11Error

        with _TURN:
            for anew in (False, True):
                try:
                    return self._once(act, anew)
                except PKCS11Error as error:
                    refusal = refusal_of(error, self.name)
                # Never a second try with a wrong PIN: the token counts them, and locks.
                if not isinstance(refusal, KekUnreachable):
                    break
        raise refusal

    def _once(self, act: Callable[["Session"], Result], anew: bool) -> Result:
        pin = pin_from(self.names.pin_source, self._environment)
        library = load(self._module, self.name, anew=anew)
        with log_in(library, self.names, pin, self.name) as session:
            return act(session)


def so_named(session: "Session", kind: Any, names: Pkcs11Uri) -> list[Any]:
    """Return the objects of a kind that have the label and the id of a URI.

    The types of python-pkcs11 do not say what a key has.
    """
    from pkcs11 import Attribute

    given = {Attribute.LABEL: names.label, Attribute.ID: names.id}
    wanted: dict[Any, Any] = {name: value for name, value in given.items() if value is not None}
    return list(session.get_objects({Attribute.CLASS: kind, **wanted}))
