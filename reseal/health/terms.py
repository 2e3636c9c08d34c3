"""The terms of the health score, and what each of them is worth."""

from collections.abc import Callable

from reseal.health.reading import FieldHealth, Look, Reading
from reseal.health.score import Health, Rule
from reseal.scores.finding import Finding, Unknown, falling, mean, percent

_MEBI, _GIBI = 2**20, 2**30

# A login is as usual up to twice its usual time, or up to what nobody feels.
UNFELT_MS, SLOW_MS = 5.0, 100.0
TIMES_USUAL, TIMES_SLOW = 2.0, 10.0
# What is usual at first is not known: until then an index lookup is taken for it.
_USUAL_AT_FIRST_MS = 5.0


def health(reading: Reading) -> Health:
    """Compute the health score."""
    return Health(tuple(rule.term(reading) for rule in RULES))


def pool(reading: Reading) -> Finding | Unknown:
    """Tell how much of the applications' pools is in use, and whether somebody waits."""
    found = reading.pools
    if isinstance(found, Unknown):
        return found
    share = min(falling(found.utilisation, 0.75, 1.0), falling(found.waiting, 0, 10))
    said = f"{found.instances} pools; fullest is that of {found.worst}; {found.waiting} wait."
    return Finding(percent(found.utilisation), share, said)


def login(reading: Reading) -> Finding | Unknown:
    """Tell what the login query takes, beside what it usually does."""
    return mean({field.name: _login(field) for field in reading.fields})


def encryption(reading: Reading) -> Finding | Unknown:
    """Tell how much stands in the clear, where nothing should or while a run is still due."""
    return mean({field.name: _encryption(field) for field in reading.fields})


def integrity(reading: Reading) -> Finding | Unknown:
    """Tell whether the envelopes that were looked at open."""
    return mean({field.name: _integrity(field) for field in reading.fields})


def key_age(reading: Reading) -> Finding | Unknown:
    """Tell how much of its cryptoperiod the active key has used up."""
    key = reading.key
    if isinstance(key, Unknown):
        return key
    if key.is_compromised:
        return Finding("compromised", 0.0, f"Key {key.version} is known to others.")
    said = f"Key {key.version} may seal until {key.until}."
    return Finding(percent(key.used), falling(key.used, 1.0, 1.25), said)


def readers(reading: Reading) -> Finding | Unknown:
    """Tell how many live applications open the active key and write envelopes."""
    found = reading.readers
    if isinstance(found, Unknown):
        return found
    share = (found.opening + found.sealing) / (2 * found.live)
    said = f"Of {found.live} live, {found.opening} open the active key, {found.sealing} seal."
    return Finding(f"{min(found.opening, found.sealing)} of {found.live}", share, said)


def replication(reading: Reading) -> Finding | Unknown:
    """Tell how far standbys are behind, and how much log is kept for slots."""
    found = reading.replication
    if isinstance(found, Unknown):
        return found
    lag, retained = found.lag or 0, found.retained or 0
    share = min(falling(lag, 64 * _MEBI, 1024 * _MEBI), falling(retained, 1 * _GIBI, 10 * _GIBI))
    unseen = " Lag may not be seen." if found.standbys and found.lag is None else ""
    said = f"{found.standbys} standbys, {found.slots} slots, {found.idle_slots} of them idle."
    value = f"{lag / _MEBI:,.1f} MiB behind, {retained / _MEBI:,.1f} MiB kept"
    return Finding(value, share, said + unseen)


def quarantine(reading: Reading) -> Finding | Unknown:
    """Tell how many rows are set aside that nobody has accepted."""
    return mean({field.name: _quarantine(field) for field in reading.fields})


def login_limit(usual: float | None) -> float:
    """Return up to how many milliseconds a login is as it should be."""
    return max(UNFELT_MS, TIMES_USUAL * (usual or _USUAL_AT_FIRST_MS))


def _login(field: FieldHealth) -> Finding | Unknown:
    found = field.login
    if isinstance(found, Unknown):
        return found
    full = login_limit(found.usual)
    none = max(SLOW_MS, TIMES_SLOW / TIMES_USUAL * full)
    usual = f"usually {found.usual:.2f} ms" if found.usual is not None else "not enough known yet"
    said = f"Up to {full:.1f} ms is as it should be; {usual}."
    return Finding(f"{found.milliseconds:.2f} ms", falling(found.milliseconds, full, none), said)


def _encryption(field: FieldHealth) -> Finding | Unknown:
    found = field.look
    if isinstance(found, Unknown):
        return found
    unsealed, rows = _in_a_round(found, field, lambda one: one.unsealed)
    if not unsealed:
        return Finding("0 in the clear", 1.0, f"Of {rows:,} rows looked at none is in the clear.")
    if field.must_be_sealed:
        said = f"Of {rows:,} rows looked at; none may be any more."
        return Finding(f"{unsealed:,} in the clear", 0.0, said)
    said = f"Of {rows:,} rows looked at; `reseal encrypt` seals them."
    return Finding(f"{unsealed:,} in the clear", 1 - unsealed / rows, said)


def _integrity(field: FieldHealth) -> Finding | Unknown:
    found = field.look
    if isinstance(found, Unknown):
        return found
    broken, rows = _in_a_round(found, field, lambda one: one.broken)
    said = f"Of {rows:,} rows looked at; the last look opened {found.opened.sealed:,} envelopes."
    return Finding(f"{broken:,} do not open", 0.0 if broken else 1.0, said)


def _in_a_round(look: Look, field: FieldHealth, count: Callable[..., int]) -> tuple[int, int]:
    """Return how many were counted in the looks that see every page once, and of how many rows."""
    return count(look.opened) + count(field.past), look.opened.rows + field.past.rows


def _quarantine(field: FieldHealth) -> Finding | Unknown:
    rows = field.quarantined
    if isinstance(rows, Unknown):
        return rows
    said = "`reseal quarantine list` names them." if rows else "No row is set aside."
    return Finding(f"{rows:,} rows", 0.0 if rows else 1.0, said)


# The weights are 100 together; docs/health.md tells why.
RULES: tuple[Rule[Reading], ...] = (
    Rule("pool", 10, "75 % in use, nobody waits", pool),
    Rule("login query", 15, "twice its usual time, at least 5 ms", login),
    Rule("encryption", 20, "nothing in the clear", encryption),
    Rule("integrity", 20, "every envelope opens", integrity),
    Rule("age of the key", 10, "its cryptoperiod", key_age),
    Rule("applications", 10, "all open the active key and seal", readers),
    Rule("replication", 10, "64 MiB behind, 1 GiB kept for slots", replication),
    Rule("quarantine", 5, "no row", quarantine),
)
