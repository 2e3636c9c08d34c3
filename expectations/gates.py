"""What must be true before a key goes out of use, gate by gate.

The gates are those of reseal.retirement, by their names. `reseal keys disable` and `destroy` print
these sentences, and a rotation states them as claims.
"""

# What only the one who asks for it can say, and only then.
APPROVAL, RESTED = "approval", "time disabled"

SENTENCES = {
    "fields that were under it": "Every field that was ever under {key} is counted.",
    "last census": "The last census found nothing under {key}.",
    "census now": "Nothing is under {key}.",
    "live applications": "No live application seals under {key}.",
    "reads": "For as long as is asked for, nobody has opened anything under {key}.",
    "backups": "No backup that is kept needs {key}.",
    "base backups": "No backup of the database itself that is kept needs {key}.",
    APPROVAL: "A person has approved, by name, that {key} goes.",
    RESTED: "For as long as is asked for, {key} has been disabled.",
}


def said(gate: str, key: str) -> str:
    """Return a gate's sentence of a key, or of several."""
    return SENTENCES[gate].format(key=key)
