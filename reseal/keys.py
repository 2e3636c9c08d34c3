"""What a person may do to the data keys; each leaves its event in the audit log."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from reseal import key_census, retirement
from reseal.access import Access
from reseal.audit.action import Action
from reseal.errors import FieldError
from reseal.kek import Kek
from reseal.key_life import check_move
from reseal.keyring import KeyState
from reseal.retirement import Gate, Wish
from reseal.rotation import Wait, await_readers
from reseal.store import data_key, event
from reseal.store.control import hold_keys
from reseal.store.event import Event
from reseal.store.key_inventory import inventory
from reseal.store.rewrap import rewrap as move_all
from reseal.store.store import Store


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a key was disabled or destroyed, and every gate."""

    done: bool
    gates: list[Gate]

    @property
    def closed(self) -> list[Gate]:
        """The gates that are not met."""
        return [gate for gate in self.gates if not gate.is_open]


@dataclass(frozen=True, slots=True)
class Keys:
    """The data keys of one database, on one connection, in one person's hands."""

    access: Access
    store: Store
    actor: str

    def inventory(self) -> list[dict[str, Any]]:
        """Return the inventory, with the rows that are under each key now, by field."""
        records = inventory(self.store)
        counted = self.count(record["version"] for record in records)
        for record in records:
            by_field = {name: rows.get(record["version"], 0) for name, rows in counted.items()}
            record["fields"] = by_field
            record["rows"] = sum(by_field.values())
        return records

    def count(self, versions: Iterable[int]) -> dict[str, dict[int, int]]:
        """Return by field and key version how many rows hold an envelope of it.

        A field whose table or column is not there is left out, which closes a gate.
        """
        chosen = tuple(versions)
        counted = {}
        for field in self.access.config.fields:
            with suppress(FieldError):
                target = self.access.target(self.store, field.name)
                counted[field.name] = key_census.count_under(self.store, target, chosen)
        return counted

    def count_and_record(self, run_id: UUID | None = None) -> dict[str, dict[int, int]]:
        """Count what is under every key that has bytes, and keep that."""
        states = data_key.states(self.store)
        kept = (version for version, state in states.items() if state is not KeyState.DESTROYED)
        counted = self.count(kept)
        for name, rows in counted.items():
            key_census.record(self.store, name, rows, run_id)
        return counted

    def gates_of(self, version: int, counted: dict[str, dict[int, int]]) -> list[Gate]:
        """Return the gates before a key can be disabled, nobody having approved that yet."""
        under = {name: rows[version] for name, rows in counted.items()}
        wish = Wish(version, KeyState.DISABLED)
        return retirement.ask(self.store, self.access.config, wish, under)

    def stage(self, owner: str | None = None) -> tuple[int, bool]:
        """See to a durable and proven staged key; return its version and whether it is new."""
        with hold_keys(self.store):
            # A key wrapped beside the others under another KEK would keep everyone from loading.
            self.access.keyring(self.store)
            waiting = data_key.staged(self.store)

            def note(version: int) -> None:
                taken_up = version in waiting
                self._note(Action.KEY_STAGED, key_version=version, taken_up=taken_up)

            version = data_key.ensure_staged(
                self.store, self.access.kek(), owner or self.actor, self.access.config.keys,
                note=note,
            )  # fmt: skip
        return version, version not in waiting

    def activate(self, version: int, wait: Wait) -> list[str]:
        """Let a key seal once every live reader opens it; return them, or raise Refused."""
        with hold_keys(self.store):
            now = data_key.need(data_key.states(self.store), version)
            if now is not KeyState.ACTIVE:
                check_move(version, now, KeyState.ACTIVE)
                data_key.need_trusted(self.store, version)
            value = data_key.check_value(self.store, self.access.kek(), version)
            ready = list(await_readers(self.store, version, value, wait).instances)
            with self.store.transaction():
                previous = data_key.activate(self.store, version)
                self._note(
                    Action.KEY_ACTIVATED, key_version=version, previous=previous,
                    retiring=data_key.retiring(self.store), instances=ready,
                    assumed=wait.assumed and not ready,
                )  # fmt: skip
        return ready

    def retire(self, version: int) -> None:
        """Give up a staged key, or bring back a disabled one; raise Refused for any other."""
        with hold_keys(self.store), self.store.transaction():
            # The active one retires by another's becoming active: something must always seal.
            was = data_key.states(self.store).get(version)
            data_key.retire(self.store, version)
            if was is KeyState.DISABLED:
                # Everyone loads it again from now on: one that does not open stays away.
                self.access.keyring(self.store)
            self._note(Action.KEY_RETIRED, key_version=version)

    def remove(self, wish: Wish) -> Answer:
        """Disable or destroy a key where every gate is open; else change nothing.

        What is counted is recorded either way, and so is the answer.
        """
        with hold_keys(self.store), self.store.transaction():
            now = data_key.need(data_key.states(self.store), wish.version)
            check_move(wish.version, now, wish.then)
            answer = self._answer(wish)
            if answer.done:
                data_key.move(self.store, wish.version, wish.then)
            self._note(
                Action(f"key {wish.then}" if answer.done else f"key not {wish.then}"),
                key_version=wish.version, approved_by=wish.approved_by,
                gates=[gate.as_dict() for gate in answer.gates],
            )  # fmt: skip
        return answer

    def rewrap(self, new: Kek) -> list[int]:
        """Move every data key to a new KEK in one transaction; return those that were moved."""
        with hold_keys(self.store), self.store.transaction():
            moved = move_all(self.store, self.access.kek(), new)
            self._note(Action.KEYS_REWRAPPED, key_versions=moved, kek=new.uri)
        return moved

    def _answer(self, wish: Wish) -> Answer:
        counted = {name: rows[wish.version] for name, rows in self.count([wish.version]).items()}
        gates = retirement.ask(self.store, self.access.config, wish, counted)
        for name, rows in counted.items():
            key_census.record(self.store, name, {wish.version: rows})
        return Answer(all(gate.is_open for gate in gates), gates)

    def _note(self, action: Action, **detail: Any) -> None:
        event.append(self.store, Event(None, self.actor, action, detail))
