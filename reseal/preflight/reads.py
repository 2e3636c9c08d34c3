"""Tell whether an expression over a document, as the catalog prints it, reads its secrets."""

import re

from reseal.path import Name, Path, Step

_TEXT = r"'((?:[^']|'')*)'"
# The catalog puts parentheses and casts around everything.
_NOISE = re.compile(rf"{_TEXT}|::\s*(?:text|jsonb?|character varying)(?:\[\])?|[()]")
_STEP = re.compile(
    rf"\s*(?:(?P<far>#>>?)\s*{_TEXT}|->>?\s*{_TEXT}|\[\s*{_TEXT}\s*\]|->>?\s*-?\d+|\[-?\d+\])"
)


def reads_secret(expression: str, column: str, path: Path) -> bool:
    """Say whether it may read a leaf: unless each time it goes another way into the document."""
    text = _NOISE.sub(lambda found: found[0] if found[0].startswith("'") else " ", expression)
    return any(_leads(_way(text, end), path.steps) for end in _mentions(text, column))


def _mentions(text: str, column: str) -> list[int]:
    """Return where each mention of the column ends."""
    quoted = column.replace('"', '""')
    spelled = rf'(?<![\w$"])(?:{re.escape(column)}|"{re.escape(quoted)}")(?![\w$"])'
    return [found.end() for found in re.finditer(spelled, text)]


def _way(text: str, at: int) -> list[str | None]:
    """Return the names that operators after a position go by; None for an element's number."""
    names: list[str | None] = []
    while step := _STEP.match(text, at):
        name = next((group for group in step.groups()[1:] if group is not None), None)
        if name is not None and step["far"]:
            names += [part.strip(' "') for part in name.strip("{}").split(",")]
        else:
            names.append(name)
        at = step.end()
    return names


def _leads(names: list[str | None], steps: tuple[Step, ...]) -> bool:
    return all(
        not isinstance(step, Name) or name is None or step.text == name.replace("''", "'")
        for name, step in zip(names, steps, strict=False)
    )
