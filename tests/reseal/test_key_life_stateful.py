"""Any sequence of key commands, sweeps and enrolments: every secret opens, or the command said no.

`KEY_LIFE_EXAMPLES=1000` runs that many random sequences in place of the suite's few fixed ones.
"""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from psycopg_pool import ConnectionPool

from reseal.errors import KekError
from reseal.keyring import KeyState
from tests.reseal.key_life_model import FIELD, WIDE, Room

EXAMPLES = int(os.environ.get("KEY_LIFE_EXAMPLES", "0"))
SETTINGS = settings(
    max_examples=EXAMPLES or 30,
    stateful_step_count=50 if EXAMPLES else 40,
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
WHO = st.integers(1, 6)
# Mostly a key that there is; now and then one that there is not.
VERSION = st.integers(0, 7)
THEN = st.sampled_from([KeyState.DISABLED, KeyState.DESTROYED])
# What must have come about for the sequences to mean anything.
COMMON = {"stage", "activate", "activate: refused", "disabled", "disabled: refused", "rewrap"}


@pytest.fixture
def room(database, admin):
    admin.execute(WIDE)
    # Statements that were prepared for tables of the example before would be in the way.
    admin.prepare_threshold = None
    unprepared = {"prepare_threshold": None}
    with ConnectionPool(database, min_size=1, max_size=1, kwargs=unprepared) as pool:
        yield Room(database, admin, pool)


def machine(room: Room) -> type[RuleBasedStateMachine]:
    """The rules, on one room; hypothesis makes a machine for each example."""

    class KeyLife(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.world = room.world()

        def version(self, number: int, *states: str) -> int:
            """One of the keys by its number, of those in such a state if any; 7 is none of them."""
            found = self.world.life.states
            chosen = [version for version, state in found.items() if state in states]
            versions = chosen or list(found)
            return 99 if number == 7 else versions[number % len(versions)]

        @rule(who=WHO)
        def enrols_in_plaintext(self, who):
            self.world.enrol(who, lambda _, secret: secret)

        @rule(who=WHO)
        def enrols_sealed(self, who):
            vault = self.world.fresh()
            self.world.enrol(who, lambda who, secret: vault.seal(FIELD, who, secret))

        @rule(who=WHO)
        def enrols_sealed_by_a_stale_application(self, who):
            self.world.enrol(who, lambda who, secret: self.world.stale.seal(FIELD, who, secret))

        @rule(who=WHO)
        def logs_in(self, who):
            if who in self.world.users:
                assert self.world.logs_in(self.world.fresh(), who) == self.world.users[who]

        @rule()
        def all_log_in_through_the_stale_application(self):
            for who in self.world.users:
                self.world.logs_in_stale(who)

        @rule(who=WHO)
        def disables_mfa(self, who):
            self.world.put(who, None)
            self.world.users[who] = None

        @rule(who=WHO)
        def is_deleted(self, who):
            room.admin.execute("DELETE FROM users WHERE id = %s", [who])
            self.world.users.pop(who, None)

        @rule()
        def stages(self):
            assert self.world.commands("stage", self.world.life.keys.stage)

        @rule(number=VERSION, assumed=st.booleans(), hears=st.booleans())
        def activates(self, number, assumed, hears):
            self.world.activates(self.version(number), assumed=assumed, hears=hears)

        @rule(hears=st.booleans())
        def activates_the_newest(self, hears):
            self.world.commands("stage", self.world.life.keys.stage)
            self.world.activates(self.version(0, "staged"), assumed=True, hears=hears)

        @rule(number=VERSION)
        def retires(self, number):
            self.world.retires(self.version(number))

        @rule(number=VERSION)
        def is_brought_back(self, number):
            self.world.retires(self.version(number, "disabled"))

        @rule(
            number=VERSION, then=THEN, approved=st.sampled_from(["Ada", ""]), assumed=st.booleans()
        )
        def is_asked_to_go(self, number, then, approved, assumed):
            version = self.version(number, "retiring", "disabled")
            self.world.asks(then, version, approved_by=approved, assumed=assumed)

        @rule(number=VERSION)
        def goes_with_care(self, number):
            self.world.retires_with_care(self.version(number, "retiring"))

        @rule(number=VERSION)
        def is_destroyed_with_care(self, number):
            self.world.destroys_with_care(self.version(number, "disabled"))

        @rule(number=st.integers(0, 6))
        def becomes_known_to_others(self, number):
            self.world.compromises(self.version(number))

        @rule()
        def is_rewrapped(self):
            self.world.rewraps()

        @rule(days=st.integers(1, 40))
        def days_pass(self, days):
            self.world.passes(days=days)

        @rule(mins=st.integers(1, 5))
        def minutes_pass(self, mins):
            self.world.passes(mins=mins)

        @rule()
        def reseals(self):
            self.world.reseals()

        @rule(first=st.integers(0, 40), pages=st.integers(1, 3))
        def begins_to_reseal(self, first, pages):
            self.world.begins_to_reseal(first, pages)

        @rule()
        def seals_what_is_in_the_clear(self):
            self.world.seals()

        @rule()
        def the_stale_application_reports(self):
            assert self.world.stale.heartbeat()

        @rule()
        def the_stale_application_looks(self):
            try:
                self.world.stale.refresh()
            except KekError:
                assert self.world.is_cut_off

        @invariant()
        def every_secret_opens(self):
            self.world.is_sound()

        def teardown(self):
            self.world.ends()

    return KeyLife


def test_every_secret_opens_or_the_command_said_no(room):
    run_state_machine_as_test(machine(room), settings=SETTINGS)

    print("\n" + "\n".join(f"{count:7,} {name}" for name, count in sorted(room.seen.items())))
    assert COMMON - room.seen.keys() == set()
