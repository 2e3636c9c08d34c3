"""Terms of the security score that are about what surrounds the rows: keys, guards, rights."""

from reseal.key_policy import used_up
from reseal.keyring import MOST_SEALS
from reseal.scores.finding import Finding, Unknown, falling, mean, percent
from reseal.scores.reading import FieldReading, SecurityReading, Standing

_KEEPS_OUT = {
    Standing.GUARD: (1.0, "Plaintext is refused."),
    Standing.UNPROVEN_GUARD: (0.75, "Plaintext is refused; older rows were not looked at."),
    Standing.SHIELD: (
        0.5,
        "What was sealed does not come back; plaintext that is enrolled anew still passes.",
    ),
    Standing.NOTHING: (0.0, "Plaintext can be written."),
}
# A key that has made half of its seals is still good; what is left falls from there to nothing.
_HALF = 0.5
# Beyond its period a key loses its points within a quarter of it.
_GRACE = 0.25


def guard(reading: SecurityReading) -> Finding | Unknown:
    """Tell what keeps plaintext out of the columns."""
    return mean({field.name: _guard(field) for field in reading.chosen})


def key_age(reading: SecurityReading) -> Finding | Unknown:
    """Tell how much of its cryptoperiod the active key has used up."""
    key = reading.key
    if isinstance(key, Unknown):
        return key
    if key.is_compromised:
        return Finding("compromised", 0.0, f"Key {key.version} is known to others.")
    used = used_up(key.activated, key.expires, reading.now)
    until = f"Key {key.version} may seal until {key.expires:%Y-%m-%d}"
    said = f"{until}; run `reseal rotate`." if used > 1 else f"{until}."
    return Finding(percent(used), falling(used, 1.0, 1.0 + _GRACE), said)


def seals(reading: SecurityReading) -> Finding | Unknown:
    """Tell how near the active key is to the most seals that it may make."""
    key = reading.key
    if isinstance(key, Unknown):
        return key
    used = key.seals / MOST_SEALS
    said = f"Key {key.version} has sealed {key.seals:,} times, of at most {MOST_SEALS:,}."
    return Finding(f"{key.seals:,}", falling(used, _HALF, 1.0), said)


def backups(reading: SecurityReading) -> Finding | Unknown:
    """Tell how many backups are kept beyond their date."""
    found = reading.backups
    if isinstance(found, Unknown):
        return found
    said = f"Backups that are kept: {found.kept:,}; beyond their date: {found.expired:,}."
    if not found.expired:
        return Finding("0 expired", 1.0, said)
    # Each of them opens to plaintext with the backup KEK, so that one is as bad as many.
    share = (1 - found.expired / found.kept) / 2
    said = f"{said} `reseal backup shred --expired` destroys them."
    return Finding(f"{found.expired:,} expired", share, said)


def readers_seal(reading: SecurityReading) -> Finding | Unknown:
    """Tell how many of the live applications seal what is enrolled."""
    found = reading.readers
    if isinstance(found, Unknown):
        return found
    return _of_readers(found.live, found.sealing, "seal what is enrolled")


def readers_refuse(reading: SecurityReading) -> Finding | Unknown:
    """Tell how many of the live applications refuse a row that holds plaintext."""
    found = reading.readers
    if isinstance(found, Unknown):
        return found
    return _of_readers(found.live, found.refusing, "refuse plaintext")


def rights(reading: SecurityReading) -> Finding | Unknown:
    """Tell whether Reseal's own schema is closed to PUBLIC."""
    found = reading.public
    if isinstance(found, Unknown):
        return found
    if not found:
        return Finding("closed", 1.0, "Nothing of Reseal's schema is granted to PUBLIC.")
    return Finding("open", 0.0, f"Granted to PUBLIC: {', '.join(found)}.")


def _guard(field: FieldReading) -> Finding | Unknown:
    if isinstance(field.standing, Unknown):
        return field.standing
    share, said = _KEEPS_OUT[field.standing]
    return Finding(field.standing.value, share, said)


def _of_readers(live: int, good: int, what: str) -> Finding | Unknown:
    if not live:
        return Unknown("no application has reported in the last two minutes")
    return Finding(f"{good} of {live}", good / live, f"{good} of {live} live applications {what}.")
