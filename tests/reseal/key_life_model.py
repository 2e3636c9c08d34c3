"""A database under random commands on its keys, and what its users must be able to read.

Time passes for everything at once: the database's timestamps and the clocks of the applications.
"""

import os
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
from psycopg_pool import ConnectionPool

from reseal import Vault
from reseal.access import Access
from reseal.audit.verify import verify_log
from reseal.config import parse_config
from reseal.envelope import Envelope, looks_sealed
from reseal.errors import ConfigurationError, KekError, Refused
from reseal.keyring import KeyState
from reseal.store import data_key, schema
from reseal.store.data_key import unwrapped
from reseal.store.store import Store
from reseal.sweep.engine import Hands, sweep
from reseal.sweep.plan import plan
from reseal.sweep.span import Span, whole
from reseal.sweep.turn import Turn
from tests.conftest import USERS_FIELD
from tests.reseal.key_scene import Clock, KeyScene, let_pass, waiting
from tests.reseal.scene import PACE, Scene

FIELD = "users.mfa_secret"
KEKS = ("env:KEK_A", "env:KEK_B")
# A page holds two rows, so that a sweep of a few users can stop on the way.
WIDE = """
ALTER TABLE users ADD padding text NOT NULL DEFAULT repeat('x', 3000);
ALTER TABLE users ALTER padding SET STORAGE PLAIN;
"""
AFRESH = "DROP SCHEMA IF EXISTS reseal CASCADE; TRUNCATE users"
PUT = """
INSERT INTO users (id, email, mfa_secret) VALUES (%(who)s, %(who)s::text, %(stored)s)
ON CONFLICT (id) DO UPDATE SET mfa_secret = excluded.mfa_secret
"""
KEPT = """
SELECT version, state, wrapped, check_value FROM {reseal}.data_key
WHERE wrapped IS NOT NULL ORDER BY version
"""
# What the system says no with; anything else is a fault of its own.
SAYS_NO = (Refused, ConfigurationError)


@dataclass
class Room:
    """What all examples share: a server's database and connections to it."""

    database: str
    admin: psycopg.Connection
    pool: "ConnectionPool[Any]"
    seen: Counter[str] = field(default_factory=Counter)

    def world(self) -> "World":
        """A world that begins: no users, one active key."""
        self.admin.execute(AFRESH)
        names = [uri.removeprefix("env:") for uri in (*KEKS, "env:BACKUP")]
        variables = {name: b64encode(os.urandom(32)).decode() for name in names}
        config = parse_config({"field": [USERS_FIELD]})
        access = Access(self.database, config, KEKS[0], "env:BACKUP", variables)
        store = access.store("model")
        schema.migrate(store)
        data_key.ensure_active(store, access.kek(), "test")
        return World(self, KeyScene(Scene(access, store, self.admin)))


@dataclass
class World:
    """The database, two applications, and what each user's secret is known to be.

    One application loads the keys for each thing it does. The other loaded them once, and loads
    them again only as the library does by itself.
    """

    room: Room
    life: KeyScene
    users: dict[int, str | None] = field(default_factory=dict)
    compromised: set[int] = field(default_factory=set)
    now: float = 0.0
    enrolments: int = 0

    def __post_init__(self) -> None:
        self.restart()

    @property
    def access(self) -> Access:
        return self.life.scene.access

    @property
    def store(self) -> Store:
        return self.life.scene.store

    @property
    def is_cut_off(self) -> bool:
        """Whether the stale application has a KEK that opens the keys no more."""
        return self.stale_kek != self.access.kek_uri

    def restart(self) -> None:
        """Start the stale application anew, with the KEK of today."""
        self.stale, self.stale_kek = self.fresh(), self.access.kek_uri

    def fresh(self) -> Vault:
        """An application that starts now."""
        config, kek = self.access.config, self.access.kek()
        return Vault.connect(self.room.pool, config, kek, clock=lambda: self.now, beats=None)

    def secret(self) -> str:
        """A secret that nobody had before."""
        self.enrolments += 1
        digits = f"{self.enrolments:05}".translate(str.maketrans("0189", "ABCD"))
        return f"JBSWY3DPEHPK3PXP{digits}"

    def enrol(self, who: int, seal: Callable[[int, str], str]) -> None:
        """Let a user have a new secret, stored as the application stores it."""
        secret = self.secret()
        self.put(who, seal(who, secret))
        self.users[who] = secret

    def put(self, who: int, stored: str | None) -> None:
        """Write a user's row."""
        self.room.admin.execute(PUT, {"who": who, "stored": stored})

    def stored(self) -> dict[int, str | None]:
        """What stands in the column."""
        return dict(self.room.admin.execute("SELECT id, mfa_secret FROM users").fetchall())

    def logs_in(self, vault: Vault, who: int) -> str | None:
        """What the application gets for a user who logs in."""
        stored = self.stored()[who]
        return None if stored is None else vault.read(FIELD, who, stored).reveal()

    def logs_in_stale(self, who: int) -> None:
        """Let the stale application read; only a key that it cannot load may stand in its way."""
        keyring = self.stale.core.keyring
        loaded = dict(keyring.check_values) if keyring else {}
        try:
            assert self.logs_in(self.stale, who) == self.users[who]
        except KekError:
            assert self.is_cut_off
            assert Envelope.parse(str(self.stored()[who])).key_version not in loaded

    def commands(self, name: str, command: Callable[[], Any]) -> Any:
        """Give a command on keys; return what it gave, or False where it said no.

        Then it has changed nothing.
        """
        before = self.life.everything
        try:
            done = command()
        except SAYS_NO:
            self.room.seen[f"{name}: refused"] += 1
            assert self.life.everything == before
            return False
        self.room.seen[name] += 1
        return done

    def activates(self, version: int, *, assumed: bool, hears: bool) -> None:
        """Activate a key; the stale application may hear of it while it is waited for."""

        def hear() -> None:
            with suppress(KekError):
                self.stale.refresh()
            self.stale.heartbeat()

        was_active = self.life.states.get(version) == "active"
        how = waiting(Clock(_3=hear) if hears else Clock(), assumed=assumed)
        done = self.commands("activate", lambda: self.life.keys.activate(version, how))
        assert done is False or was_active or version not in self.compromised

    def retires(self, version: int) -> None:
        """Give up a staged key, or bring a disabled one back."""
        self.commands("retire", lambda: self.life.keys.retire(version))

    def asks(self, then: KeyState, version: int, **words: Any) -> bool:
        """Ask for a key to be disabled or destroyed; a no changes nothing of the keys."""
        before = self.life.everything
        answer = self.commands(then.value, lambda: self.life.asks(then, version, **words))
        if answer is False or answer.done:
            return bool(answer)
        self.room.seen[f"{then.value}: gates"] += 1
        assert answer.closed
        assert self.life.everything == before
        return False

    def compromises(self, version: int) -> None:
        """Let a key be known to others."""
        data_key.mark_compromised(self.store, version)
        self.compromised.add(version)

    def rewraps(self) -> None:
        """Move all keys to the other KEK; the stale application is not told."""
        (other,) = {*KEKS} - {str(self.access.kek_uri)}
        moved = replace(self.access, kek_uri=other)
        if self.commands("rewrap", lambda: self.life.keys.rewrap(moved.kek())):
            self.life.scene.access = moved

    def passes(self, **time: int) -> None:
        """Let time pass; within a day every application gets the KEK of today."""
        let_pass(self.room.admin, **time)
        self.now += time.get("days", 0) * 86_400 + time.get("mins", 0) * 60
        if "days" in time and self.is_cut_off:
            self.restart()

    def reseals(self) -> None:
        """Sweep until a whole pass finds nothing to do; all is under the active key then."""
        self.life.scene = self.life.scene.again()
        while not self.life.scene.sweep_heaps(Turn.RESEAL).converged:
            pass
        active = self.life.scene.keyring.active
        assert set(self.life.scene.census().sealed) <= {active}

    def begins_to_reseal(self, first: int, pages: int) -> None:
        """Sweep a few pages, as a run does that is stopped or killed."""
        self.life.scene = self.life.scene.again()
        (all_pages,) = whole(self.life.scene.target)
        first %= all_pages.pages
        span = Span(first, min(first + pages, all_pages.after))
        with self.life.scene.job(Turn.RESEAL) as job:
            sweep(job, plan, span, replace(PACE, rows=1), Hands(lambda: True, sleep=lambda _: None))

    def seals(self) -> None:
        """Sweep once for plaintext."""
        self.life.scene = self.life.scene.again()
        self.life.scene.sweep_heaps(Turn.SEAL)

    def retires_with_care(self, version: int) -> None:
        """Do what opens the gates of a key; whether it may go is for them to say."""
        self.reseals()
        self.life.keys.count_and_record()
        self.passes(days=8)
        self.asks(KeyState.DISABLED, version, assumed=True)

    def destroys_with_care(self, version: int) -> None:
        """Wait as long as is asked for and destroy a key, if it may be."""
        self.passes(days=8)
        self.asks(KeyState.DESTROYED, version, assumed=True)

    def is_sound(self) -> None:
        """Find every secret, one active key, every key that is kept, and an unbroken log."""
        states = self.life.states
        assert list(states.values()).count("active") == 1
        keyring, place = self.life.scene.keyring, self.life.scene.target.field.place
        stored = self.stored()
        assert stored.keys() == self.users.keys()
        for who, text in stored.items():
            is_sealed = text is not None and looks_sealed(text)
            sealed = Envelope.parse(str(text)) if is_sealed else None
            plain = keyring.open(place((who,)), sealed).reveal() if sealed else text
            assert plain == self.users[who]
        assert verify_log(self.store).holds
        kept = [unwrapped(self.access.kek(), *row) for row in self.store.execute(KEPT)]
        not_destroyed = [version for version, state in states.items() if state != "destroyed"]
        assert [key.version for key in kept] == not_destroyed

    def ends(self) -> None:
        """Give back what the world holds."""
        self.store.close()
