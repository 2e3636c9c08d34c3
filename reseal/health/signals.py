"""What a look says about each kind of alert, by what it is about."""

from collections.abc import Callable, Iterator, Mapping

from reseal.health import alert
from reseal.health.alert import Kind, Signal
from reseal.health.reading import FieldHealth, GoneKey, Look, Reading
from reseal.health.score import Health
from reseal.health.terms import login_limit
from reseal.scores.finding import Unknown
from reseal.scores.reading import Standing

_MEBI = 2**20
# What is called slow at night is not only above what is usual, but felt.
_FELT_MS = 25.0
_TIMES_THE_LIMIT = 2.5

# By subject; a kind that is not in it was not measured, a subject that is not is as it should be.
Signals = Mapping[Kind, Mapping[str, Signal]]


def signals(reading: Reading, health: Health) -> Signals:
    """Return what is said of every kind that was measured."""
    said: dict[Kind, dict[str, Signal]] = {}
    for tell in (_of_fields, _of_the_whole, _of_keys, _of_replication, _of_openings):
        for kind, subject, signal in tell(reading):
            said.setdefault(kind, {})
            if subject is not None:
                said[kind][subject] = signal
    if health.score is not None:
        sentence = f"the health score is {health.score}"
        said[alert.SCORE] = {"health": Signal(100.0 - health.score, sentence)}
    return said


Said = Iterator[tuple[Kind, str | None, Signal]]

_NOTHING = Signal(0.0, "as it should be")


def _of_fields(reading: Reading) -> Said:
    for field in reading.fields:
        for kind, tell in _FIELD_KINDS.items():
            yield kind, field.name, tell(field)


def _of_the_whole(reading: Reading) -> Said:
    pools, readers = reading.pools, reading.readers
    if not isinstance(pools, Unknown):
        sentence = f"{pools.utilisation:.0%} of the pool of {pools.worst} is in use"
        yield alert.POOL, "pool", Signal(pools.utilisation, f"{sentence}, {pools.waiting} wait")
    if not isinstance(readers, Unknown):
        without = readers.live - readers.opening
        sentence = f"{without} of {readers.live} live applications do not open the active key"
        yield alert.READERS, "readers", Signal(without, sentence)


def _of_keys(reading: Reading) -> Said:
    key = reading.key
    if not isinstance(key, Unknown):
        sentence = f"key {key.version} may seal until {key.until}; run `reseal rotate`"
        if key.is_compromised:
            sentence = f"key {key.version} is known to others; run `reseal rotate --compromised`"
        yield alert.KEY, "key", Signal(2.0 if key.is_compromised else key.used, sentence)
    if isinstance(reading.gone, Unknown):
        return
    yield alert.GONE_KEY, None, _NOTHING
    for gone in reading.gone:
        yield alert.GONE_KEY, f"key {gone.version}", _gone(reading, gone)


def _gone(reading: Reading, key: GoneKey) -> Signal:
    """Tell whether somebody has use for a key that is disabled or destroyed."""
    looks = [field.look for field in reading.fields if isinstance(field.look, Look)]
    rows = sum(look.opened.unknown.get(key.version, 0) for look in looks)
    signs = [
        *([f"{rows} envelopes under it still stand"] if rows else []),
        *([f"it is open in {', '.join(key.readers)}"] if key.readers else []),
        *(["something was opened with it in the last minutes"] if key.opened_since else []),
    ]
    sentence = f"key {key.version} is gone, and {'; '.join(signs) or 'nobody uses it'}"
    return Signal(len(signs), sentence, max((look.a_round for look in looks), default=1))


def _of_replication(reading: Reading) -> Said:
    found = reading.replication
    if isinstance(found, Unknown):
        return
    if found.lag is not None or not found.standbys:
        lag = (found.lag or 0) / _MEBI
        yield alert.LAG, "standby", Signal(lag, f"a standby is {lag:,.0f} MiB behind")
    kept = (found.retained or 0) / _MEBI
    sentence = f"{kept:,.0f} MiB of log are kept for slots, of which {found.idle_slots} are idle"
    yield alert.SLOTS, "slots", Signal(kept, sentence)


def _of_openings(reading: Reading) -> Said:
    if isinstance(reading.openings, Unknown):
        return
    yield alert.BURST, None, _NOTHING
    for one in reading.openings:
        sentence = f"{one.opens:,.0f} opens in a minute; from {one.limit:,.0f} on is a burst"
        yield alert.BURST, one.instance, Signal(one.opens / one.limit, sentence)


def _login(field: FieldHealth) -> Signal:
    found = field.login
    if isinstance(found, Unknown):
        return Signal(None, found.why)
    limit = max(_FELT_MS, _TIMES_THE_LIMIT * login_limit(found.usual))
    sentence = f"a login takes {found.milliseconds:.1f} ms; from {limit:.1f} ms on it is slow"
    return Signal(found.milliseconds / limit, sentence)


def _broken(field: FieldHealth) -> Signal:
    found = field.look
    if isinstance(found, Unknown):
        return Signal(None, found.why)
    sentence = f"{found.opened.broken} envelopes in some pages of {field.name} do not open"
    return Signal(found.opened.broken, sentence, found.a_round)


def _plaintext(field: FieldHealth) -> Signal:
    found = field.look
    if isinstance(found, Unknown):
        return Signal(None, found.why)
    rows = found.opened.unsealed if field.must_be_sealed else 0
    sentence = f"{rows} values in some pages of {field.name} are in the clear, where none may be"
    return Signal(rows, sentence, found.a_round)


def _guard(field: FieldHealth) -> Signal:
    if isinstance(field.standing, Unknown):
        return Signal(None, field.standing.why)
    is_missing = field.was_guarded and field.standing is not Standing.GUARD
    sentence = f"the guard of {field.name} was raised, and now: {field.standing}"
    return Signal(float(is_missing), sentence)


def _quarantine(field: FieldHealth) -> Signal:
    rows = field.quarantined
    if isinstance(rows, Unknown):
        return Signal(None, rows.why)
    return Signal(rows, f"{rows} rows of {field.name} are set aside; see `reseal quarantine list`")


_FIELD_KINDS: dict[Kind, Callable[[FieldHealth], Signal]] = {
    alert.LOGIN: _login,
    alert.BROKEN: _broken,
    alert.PLAINTEXT: _plaintext,
    alert.GUARD: _guard,
    alert.QUARANTINE: _quarantine,
}
