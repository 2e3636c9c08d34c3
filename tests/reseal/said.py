"""What a refused key says, and that it says nothing else."""

from collections.abc import Callable

import pytest

from reseal.errors import KekError


def said_by(act: Callable[[], object]) -> str:
    """Return the text of the KekError that this raises; no other exception hangs on it."""
    with pytest.raises(KekError) as caught:
        act()
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    return str(caught.value)
