"""One look at everything that health is told by; it takes as long for a large table as for a small.

Nothing is written here. What cannot be seen, for want of rights or of an answer in time, is
unknown and says why.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from statistics import median

from reseal import guard
from reseal.access import Access
from reseal.health import envelopes, past, surroundings
from reseal.health.reading import FieldHealth, Login, Look, Past, Reading
from reseal.keyring import Keyring
from reseal.pacing.canary import Canary
from reseal.scores.finding import Unknown
from reseal.scores.known import known
from reseal.scores.read_security import Ours, standing
from reseal.scores.reading import Standing
from reseal.store import data_key, quarantine, reader
from reseal.store.catalog import Target
from reseal.store.store import Store

# Nothing that a look asks may keep anybody waiting.
BRIEFLY = "SET statement_timeout = '5s'; SET lock_timeout = '500ms'"

_LOGINS_ASKED = 5
_A_WEEK = timedelta(days=7)


@contextmanager
def looking(access: Access, purpose: str, *, read_only: bool) -> Iterator[Store]:
    """Open a connection whose statements never take long."""
    store = access.store(purpose, read_only=read_only)
    try:
        store.execute(BRIEFLY)
        yield store
    finally:
        store.close()


def take(access: Access, store: Store, choice: random.Random) -> Reading:
    """Look at every field and at what surrounds them."""
    ours = Ours.of(store)
    eye = Eye(access, store, ours, choice)
    return Reading(
        fields=tuple(eye.field(one.name) for one in access.config.fields),
        pools=ours.read(partial(past.pools, store)),
        key=ours.read(partial(surroundings.key_age, store)),
        readers=ours.read(partial(surroundings.readers, store)),
        replication=known(partial(surroundings.replication, store)),
        gone=ours.read(partial(surroundings.gone_keys, store)),
        openings=ours.read(partial(past.openings, store)),
    )


@dataclass
class Eye:
    """What looks at the fields, one after the other; the keys are loaded once."""

    access: Access
    store: Store
    ours: Ours
    choice: random.Random
    _keyring: Keyring | Unknown | None = field(default=None, repr=False)

    def field(self, name: str) -> FieldHealth:
        """Look at one field."""
        target = known(partial(self.access.target, self.store, name))
        if isinstance(target, Unknown):
            return _unseen(name, target)
        stands = known(partial(standing, self.store, target))
        was_guarded = self.ours.read(partial(guard.was_raised, self.store, target)) is True
        look = self._look(target)
        rest = look.a_round - 1 if isinstance(look, Look) else 0
        before = self.ours.read(partial(past.of_round, self.store, name, rest))
        return FieldHealth(
            name=name,
            look=look,
            past=before if isinstance(before, Past) else Past(),
            standing=stands,
            was_guarded=was_guarded,
            must_be_sealed=was_guarded or stands is Standing.GUARD or self._is_refused(),
            login=known(partial(self._login, target)),
            quarantined=self.ours.read(lambda: quarantine.counted(self.store, name).aside),
        )

    def _look(self, target: Target) -> Look | Unknown:
        keyring = self._keys()
        if isinstance(keyring, Unknown):
            return self._keyless(target, keyring)
        return self._opened(target, keyring)

    def _keyless(self, target: Target, why: Unknown) -> Look | Unknown:
        """Look whether there are envelopes whose keys are gone, which nobody opens any more."""
        if known(partial(data_key.exists, self.store)) is not False:
            return why
        seen = self._opened(target, Keyring.of_nobody())
        return seen if isinstance(seen, Look) and seen.opened.sealed else why

    def _opened(self, target: Target, keyring: Keyring) -> Look | Unknown:
        name = target.field.name
        page = self.ours.read(partial(past.latest, self.store, "health.page", name, _A_WEEK))
        position = int(page) if isinstance(page, float) else 0
        ask = partial(envelopes.look, self.store, target, keyring, position, self.choice)
        return known(ask)

    def _keys(self) -> Keyring | Unknown:
        if self._keyring is None:
            read = partial(self.access.keyring, self.store)
            self._keyring = known(partial(self.ours.read, partial(known, read)))
        return self._keyring

    def _is_refused(self) -> bool:
        refusing = self.ours.read(partial(reader.refusing_plaintext, self.store))
        return bool(refusing) and not isinstance(refusing, Unknown)

    def _login(self, target: Target) -> Login | Unknown:
        canary = replace(Canary.of(self.store, target), choice=self.choice)
        rows = [canary.row(self.store) for _ in range(_LOGINS_ASKED)]
        times = [canary.milliseconds(self.store, row) for row in rows if row is not None]
        if not times:
            return Unknown("there is no row to log in with")
        usual = self.ours.read(partial(past.usual_login, self.store, target.field.name))
        return Login(median(times), usual if isinstance(usual, float) else None)


def _unseen(name: str, why: Unknown) -> FieldHealth:
    return FieldHealth(
        name=name,
        look=why,
        past=Past(),
        standing=why,
        was_guarded=False,
        must_be_sealed=False,
        login=why,
        quarantined=why,
    )
