"""Who is at work: the name that they go by, and the account that they use."""

import os
from collections.abc import Mapping

from reseal.errors import SettingsError


def account() -> str:
    """Return the account under which this process runs, as the operating system has it."""
    # There is none on Windows, where an application may import this and nobody runs anything.
    import pwd

    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"


def actor(variables: Mapping[str, str]) -> str:
    """Return RESEAL_ACTOR, or the account; a container has one account for all people."""
    name = variables.get("RESEAL_ACTOR", "").strip()
    if not name.isprintable():
        raise SettingsError("RESEAL_ACTOR holds what cannot be printed; give a person's name")
    return name or account()
