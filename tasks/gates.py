"""The gates of a data key in words: each with its sentence, and why a key does not go."""

from typing import Any

from reseal.keys import Answer
from reseal.retirement import Wish


def rows_of(answer: Answer, version: int) -> list[dict[str, Any]]:
    """Return every gate of a key as a row, with the sentence that it stands for."""
    # Brings numpy along, which no command needs in order to start.
    from expectations import gates

    return [
        {**gate.as_dict(), "sentence": gates.said(gate.name, f"key {version}")}
        for gate in answer.gates
    ]


def why_not(answer: Answer, wish: Wish) -> str | None:
    """Return by the first closed gate why a key is not as was wished, or None where it is."""
    if answer.done:
        return None
    first = answer.closed[0]
    return f"key {wish.version} is not {wish.then}: {first.name}: {first.evidence}; {first.remedy}"
