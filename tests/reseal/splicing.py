"""The reference for a splice: what the server is to make of a document."""

from collections.abc import Sequence


def spliced(text: str, parts: Sequence[tuple[int, int, str]]) -> str:
    """The text with each [start, end) replaced; parts are in order, in places of the old text."""
    for start, end, new in reversed(parts):
        text = text[:start] + new + text[end:]
    return text
