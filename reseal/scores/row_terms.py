"""Terms of the security score that are about rows: what they hold, and whether it opens."""

from collections.abc import Callable
from datetime import timedelta

from reseal.census import Census
from reseal.scores.finding import Finding, Unknown, mean, of_part, percent, together
from reseal.scores.reading import FieldReading, SecurityReading, Verified, added
from reseal.store.quarantine import Counts

# Verification is scheduled for every night; one that is older than this has been missed for long.
_FRESH = timedelta(days=31)
# What any fault at all leaves of the points, however few rows have it.
_FLAWED = 0.5


def sealed(reading: SecurityReading) -> Finding | Unknown:
    """Tell which share of the secrets is sealed."""
    return _of_censuses(reading, _sealed)


def under_active(reading: SecurityReading) -> Finding | Unknown:
    """Tell which share of the secrets is sealed under the active key."""
    key = reading.key
    if isinstance(key, Unknown):
        return key
    return _of_censuses(reading, lambda census: _under(census, key.version))


def opens(reading: SecurityReading) -> Finding | Unknown:
    """Tell how many envelopes the last verification of each field could not open."""
    return mean({field.name: _opens(reading, field) for field in reading.chosen})


def quarantine(reading: SecurityReading) -> Finding | Unknown:
    """Tell how many rows are set aside that nobody has accepted."""
    return mean({field.name: _quarantine(field) for field in reading.chosen})


def residue(reading: SecurityReading) -> Finding | Unknown:
    """Tell what the last cleaning of each field has left of old plaintext."""
    return mean({field.name: _residue(field) for field in reading.chosen})


def integrity(reading: SecurityReading) -> Finding | Unknown:
    """Tell how many of all registered fields are there and hold nothing but envelopes."""
    faults = {field.name: _fault(field) for field in reading.fields}
    known = {name: fault for name, fault in faults.items() if not isinstance(fault, Unknown)}
    missing = {name: fault.why for name, fault in faults.items() if isinstance(fault, Unknown)}
    if not known:
        return Unknown(together(missing))
    whole = sum(not fault for fault in known.values())
    said = [f"{name}: {fault}" for name, fault in known.items() if fault]
    found = Finding(
        f"{whole} of {len(known)} fields",
        whole / len(known),
        f"Not as registered: {'; '.join(said)}." if said else "All are there and hold envelopes.",
    )
    return of_part(found, len(known), [f"{name}: {why}" for name, why in missing.items()])


def _of_censuses(reading: SecurityReading, judge: Callable[[Census], Finding]) -> Finding | Unknown:
    counted = [field.census for field in reading.chosen if isinstance(field.census, Census)]
    missing = {
        field.name: field.census.why
        for field in reading.chosen
        if isinstance(field.census, Unknown)
    }
    if not counted:
        return Unknown(together(missing))
    said = [f"{name}: {why}" for name, why in missing.items()]
    return of_part(judge(added(counted)), len(counted), said)


def _sealed(census: Census) -> Finding:
    secrets = census.all_sealed + census.unsettled
    share = _share(census.all_sealed, secrets)
    if not secrets:
        return Finding("no secrets", share, "No row holds a secret.")
    said = f"{census.all_sealed:,} of {secrets:,} secrets are sealed"
    if census.unsettled:
        kinds = ("plain", "foreign", "unrecognised")
        left = [f"{rows:,} {kind}" for kind in kinds if (rows := getattr(census, kind))]
        said = f"{said}; {', '.join(left)}"
    return Finding(percent(share), share, f"{said}.")


def _under(census: Census, version: int) -> Finding:
    secrets = census.all_sealed + census.unsettled
    if not secrets:
        return Finding("no secrets", 1.0, "No row holds a secret.")
    rows = census.sealed.get(version, 0)
    share = rows / census.all_sealed if census.all_sealed else 0.0
    said = f"{rows:,} of {census.all_sealed:,} envelopes are under the active key {version}."
    return Finding(percent(share), share, said)


def _opens(reading: SecurityReading, field: FieldReading) -> Finding | Unknown:
    if isinstance(field.verified, Unknown):
        return field.verified
    broken, at = field.verified.broken, field.verified.at
    envelopes = field.census.all_sealed if isinstance(field.census, Census) else 0
    share = _flawless(broken, envelopes)
    said = f"On {at:%Y-%m-%d} {_opened(broken)}."
    if _is_old(reading, field.verified):
        share, said = share * _FLAWED, f"{said} That is long ago: run `reseal verify`."
    return Finding(f"{broken:,} broken", share, said)


def _is_old(reading: SecurityReading, verified: Verified) -> bool:
    return reading.now - verified.at > _FRESH


def _opened(broken: int) -> str:
    if not broken:
        return "every envelope opened"
    return f"{broken:,} {'envelope' if broken == 1 else 'envelopes'} did not open"


def _quarantine(field: FieldReading) -> Finding | Unknown:
    if isinstance(field.quarantine, Unknown):
        return field.quarantine
    aside = field.quarantine.aside
    rows = field.census.rows if isinstance(field.census, Census) else 0
    return Finding(f"{aside:,} rows", _flawless(aside, rows), _aside(field.quarantine))


def _aside(counts: Counts) -> str:
    accepted = f", {counts.accepted:,} more were accepted as they are" if counts.accepted else ""
    said = f"{counts.aside:,} rows are set aside{accepted}."
    return f"{said} `reseal quarantine list` names them." if counts.aside else said


def _residue(field: FieldReading) -> Finding | Unknown:
    left = field.residue
    if isinstance(left, Unknown):
        return left
    places = ", ".join(left.not_verified)
    if left.found is None:
        return Unknown(f"the cleaning of {left.at:%Y-%m-%d} could not look; not verified: {places}")
    said = f"On {left.at:%Y-%m-%d} {left.found:,} old values were found."
    if left.found:
        return Finding(f"{left.found:,} found", 0.0, said)
    if places:
        return Finding("0 found", _FLAWED, f"{said} Not verified: {places}.")
    return Finding("0 found", 1.0, said)


def _fault(field: FieldReading) -> str | Unknown:
    """Return what is wrong with a field as registered; nothing where it is whole."""
    if field.fault:
        return field.fault
    if isinstance(field.census, Unknown):
        return field.census
    left = field.census.unsettled
    return f"{left:,} rows hold something that is not sealed" if left else ""


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _flawless(faults: int, rows: int) -> float:
    """Return all for no fault; for any, at most half, and less the more rows have it."""
    if faults <= 0:
        return 1.0
    return _FLAWED * (1 - faults / max(faults, rows))
