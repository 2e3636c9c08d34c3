"""Which claims must hold, and when."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Suite:
    """Expectations under a name; what must be true after one stage."""

    name: str
    claims: tuple[Any, ...]


def after_seal(
    rows: int, key_versions: Iterable[int], quarantined: int, backed_up: int, drift: int = 0
) -> Suite:
    """State what must be true once a field is sealed.

    `drift` is how many rows the application may have written between the table's census and
    the facts: those are read span by span, so a row that moves may be seen twice or not at all.
    """
    from expectations import claims

    compared = [*_sealed(rows, key_versions, quarantined, drift)]
    compared.append(claims.ExpectSecretsEqualToBackup())
    # A table that holds strangers only is backed up as well, and nothing of it can be sealed.
    if backed_up > quarantined:
        compared.append(claims.ExpectSomethingSealed(backed_up=backed_up))
    return Suite("after-seal", tuple(compared))


def after_rotate(rows: int, key_version: int, quarantined: int, drift: int = 0) -> Suite:
    """State what must be true once a field is resealed: the new key's version alone stands."""
    return Suite("after-rotate", _sealed(rows, [key_version], quarantined, drift))


def after_verify(
    rows: int, key_versions: Iterable[int], quarantined: int = 0, drift: int = 0
) -> Suite:
    """State what must be true of a sealed field at any later time, without a backup."""
    return Suite("after-verify", _sealed(rows, key_versions, quarantined, drift))


def _sealed(
    rows: int, key_versions: Iterable[int], quarantined: int, drift: int
) -> tuple[Any, ...]:
    from great_expectations.expectations.core.expect_table_row_count_to_be_between import (
        ExpectTableRowCountToBeBetween,
    )

    from expectations import claims

    # Every other claim is true of an empty census, so emptiness is looked at first.
    not_empty = ExpectTableRowCountToBeBetween(
        min_value=1 if rows else 0,
        description="The census is not empty, unless the table is.",
    )
    return (
        not_empty,
        claims.ExpectCompleteFacts(),
        claims.ExpectFactsToAddUp(rows=rows, drift=drift),
        claims.ExpectNoPlaintext(),
        claims.ExpectOnlyQuarantinedStrangers(quarantined=quarantined),
        claims.ExpectWellFormedEnvelopes(),
        claims.ExpectTwelveByteIvs(),
        claims.ExpectSixteenByteTags(),
        claims.ExpectKnownKeyVersions(key_versions=sorted(key_versions)),
        claims.ExpectOpeningEnvelopes(),
    )
