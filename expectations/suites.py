"""Which claims must hold, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from expectations import gates


@dataclass(frozen=True, slots=True)
class Suite:
    """Expectations under a name; what must be true at one moment."""

    name: str
    claims: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Counted:
    """What the table itself says, for the facts to be held against.

    `drift` is how many rows the application may have written between the table's census and the
    facts: those are read span by span, so a row that moves may be seen twice or not at all. So
    many rows are `quarantined`, and so many more were `accepted` as they are.
    """

    rows: int
    quarantined: int = 0
    accepted: int = 0
    drift: int = 0


def before_seal(key_versions: Iterable[int], *, is_empty: bool, with_backup: bool) -> Suite:
    """State what must be true of a field before the first of its rows is written."""
    from expectations import claims, measured

    stated: list[Any] = [
        claims.ExpectCensusOfTable(is_empty=is_empty),
        claims.ExpectCompleteFacts(),
        claims.ExpectKnownKeyVersions(key_versions=sorted(key_versions)),
        measured.ExpectShield(),
        measured.ExpectSealsInBounds(),
    ]
    if with_backup:
        stated.append(measured.ExpectProvenBackup())
    return Suite("before-seal", tuple(stated))


def before_reseal(
    key_versions: Iterable[int], active: int, rows: int, *, is_empty: bool, is_urgent: bool
) -> Suite:
    """State what must be true of a field before the first of its `rows` is put under a key.

    In an emergency nothing is stated that can wait until the old key is replaced.
    """
    from expectations import claims, measured

    stated: list[Any] = [
        claims.ExpectCensusOfTable(is_empty=is_empty),
        claims.ExpectCompleteFacts(),
        claims.ExpectKnownKeyVersions(key_versions=sorted(key_versions)),
        measured.ExpectProvenBackup(),
        measured.ExpectShield(),
        measured.ExpectSealingKey(key_version=active),
        measured.ExpectRoomToSeal(key_version=active, rows=rows),
    ]
    if not is_urgent:
        readers = measured.ExpectReadersOfKey(key_version=active)
        stated += [readers, measured.ExpectStandingGuard()]
    return Suite("before-reseal", tuple(stated))


def after_seal(counted: Counted, key_versions: Iterable[int], backed_up: int | None) -> Suite:
    """State what must be true once a field is sealed; `backed_up` is None without a backup."""
    from expectations import claims, measured

    stated = _after_run(counted, key_versions)
    if backed_up is not None:
        stated += [
            claims.ExpectSecretsEqualToBackup(accepted=counted.accepted),
            measured.ExpectOriginalsToAddUp(backed_up=backed_up, drift=counted.drift),
            measured.ExpectSameCodes(),
        ]
    # A table that holds strangers only is backed up as well, and nothing of it can be sealed.
    if backed_up is not None and backed_up > counted.quarantined + counted.accepted:
        stated.append(claims.ExpectSomethingSealed(backed_up=backed_up))
    return Suite("after-seal", tuple(stated))


def after_rotate(counted: Counted, key_version: int) -> Suite:
    """State what must be true once a field is resealed: the new key's version alone stands."""
    return Suite("after-rotate", tuple(_after_run(counted, [key_version])))


def before_retire(key_versions: Iterable[int], active: int) -> Suite:
    """State what must be true before keys go out of use, but for a person's approval."""
    from expectations import claims, measured

    retiring = sorted(key_versions)
    asked = [gate for gate in gates.SENTENCES if gate not in (gates.APPROVAL, gates.RESTED)]
    return Suite(
        "before-retire",
        (
            claims.ExpectCompleteFacts(),
            measured.ExpectReadersOfKey(key_version=active),
            *(measured.ExpectOpenGate(gate=gate, key_versions=retiring) for gate in asked),
        ),
    )


def nightly(counted: Counted, key_versions: Iterable[int]) -> Suite:
    """State what must be true of a sealed field at any later time, without a backup."""
    from expectations import measured

    # What was set aside waits for a person, who is reminded.
    stated = _after_run(counted, key_versions)
    stated += [
        measured.ExpectKeyInItsPeriod(),
        measured.ExpectNothingUnderKnownKey(accepted=counted.accepted),
    ]
    return Suite("nightly", tuple(stated))


def _sealed(counted: Counted, key_versions: Iterable[int]) -> list[Any]:
    from expectations import claims, measured

    accepted = counted.accepted
    return [
        claims.ExpectCensusOfTable(is_empty=not counted.rows),
        claims.ExpectCompleteFacts(),
        claims.ExpectFactsToAddUp(rows=counted.rows, drift=counted.drift),
        claims.ExpectNoPlaintext(accepted=accepted),
        claims.ExpectOnlyQuarantinedStrangers(quarantined=counted.quarantined, accepted=accepted),
        claims.ExpectWellFormedEnvelopes(accepted=accepted),
        claims.ExpectTwelveByteIvs(accepted=accepted),
        claims.ExpectSixteenByteTags(accepted=accepted),
        claims.ExpectKnownKeyVersions(key_versions=sorted(key_versions), accepted=accepted),
        claims.ExpectOpeningEnvelopes(accepted=accepted),
        measured.ExpectNoRepeatedIv(),
        measured.ExpectProbesToComeOutRight(),
        measured.ExpectStandingGuard(),
        measured.ExpectSealsInBounds(),
    ]


def _after_run(counted: Counted, key_versions: Iterable[int]) -> list[Any]:
    from expectations import measured

    empty = measured.ExpectEmptyQuarantine(accepted=counted.accepted)
    return [*_sealed(counted, key_versions), empty]
