"""Which claims must hold, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Suite:
    """Expectations under a name; what must be true after one stage."""

    name: str
    claims: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Aside:
    """How many rows of a field are quarantined, and how many more were accepted as they are."""

    quarantined: int = 0
    accepted: int = 0


def after_seal(
    rows: int, key_versions: Iterable[int], aside: Aside, backed_up: int, drift: int = 0
) -> Suite:
    """State what must be true once a field is sealed.

    `drift` is how many rows the application may have written between the table's census and
    the facts: those are read span by span, so a row that moves may be seen twice or not at all.
    """
    from expectations import claims

    compared = [*_sealed(rows, key_versions, aside, drift)]
    compared.append(claims.ExpectSecretsEqualToBackup(accepted=aside.accepted))
    # A table that holds strangers only is backed up as well, and nothing of it can be sealed.
    if backed_up > aside.quarantined + aside.accepted:
        compared.append(claims.ExpectSomethingSealed(backed_up=backed_up))
    return Suite("after-seal", tuple(compared))


def after_rotate(rows: int, key_version: int, aside: Aside, drift: int = 0) -> Suite:
    """State what must be true once a field is resealed: the new key's version alone stands."""
    return Suite("after-rotate", _sealed(rows, [key_version], aside, drift))


def after_verify(rows: int, key_versions: Iterable[int], aside: Aside, drift: int = 0) -> Suite:
    """State what must be true of a sealed field at any later time, without a backup."""
    return Suite("after-verify", _sealed(rows, key_versions, aside, drift))


def _sealed(rows: int, key_versions: Iterable[int], aside: Aside, drift: int) -> tuple[Any, ...]:
    from great_expectations.expectations.core.expect_table_row_count_to_be_between import (
        ExpectTableRowCountToBeBetween,
    )

    from expectations import claims

    # Every other claim is true of an empty census, so emptiness is looked at first.
    not_empty = ExpectTableRowCountToBeBetween(
        min_value=1 if rows else 0,
        description="The census is not empty, unless the table is.",
    )
    accepted = aside.accepted
    return (
        not_empty,
        claims.ExpectCompleteFacts(),
        claims.ExpectFactsToAddUp(rows=rows, drift=drift),
        claims.ExpectNoPlaintext(accepted=accepted),
        claims.ExpectOnlyQuarantinedStrangers(quarantined=aside.quarantined, accepted=accepted),
        claims.ExpectWellFormedEnvelopes(accepted=accepted),
        claims.ExpectTwelveByteIvs(accepted=accepted),
        claims.ExpectSixteenByteTags(accepted=accepted),
        claims.ExpectKnownKeyVersions(key_versions=sorted(key_versions), accepted=accepted),
        claims.ExpectOpeningEnvelopes(accepted=accepted),
    )
