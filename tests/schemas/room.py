"""Columns with a limit: every length that the survey found, and what is done for room."""

from typing import Any

from tests.schemas.plainly import plainly, type_is
from tests.schemas.schema import Cell, Schema, secret
from tests.schemas.values import Dice, base32s, mixed

_WIDENED = "`prepare` makes it {0}; the table is not rewritten"
_NONE = (None, "", None, "")


def _short(limit: int, cells: list[Cell], source: str, **words: Any) -> Schema:
    name = f"varchar_{limit}"
    return plainly(
        name,
        f"varchar({limit})",
        f"`varchar({limit})`, {source}: no envelope fits",
        _WIDENED.format("`text`"),
        mixed(cells, *_NONE),
        after=(type_is(name, "secret", "text"),),
        told=("column: room",),
        **words,
    )


def _lengths() -> list[Schema]:
    hexes = [secret(Dice.of("varchar_80").hex(size)) for size in (10, 20, 32, 40) * 5]
    return [
        _short(16, base32s(Dice.of("varchar_16"), 10), "ten bytes in base32"),
        _short(32, base32s(Dice.of("varchar_32")), "the usual 20 bytes in base32"),
        _short(40, base32s(Dice.of("varchar_40"), 25), "25 bytes in base32"),
        _short(50, base32s(Dice.of("varchar_50"), 30), "base32 of any length"),
        _short(80, hexes, "hexadecimal up to 80 characters", format="hex"),
        _short(100, base32s(Dice.of("varchar_100")), "base32"),
        plainly(
            "varchar_255",
            "varchar(255)",
            "`varchar(255)` with base32",
            "an envelope has 196 characters and fits; the type stays",
            mixed(base32s(Dice.of("varchar_255")), *_NONE),
            after=(type_is("varchar_255", "secret", "character varying(255)"),),
        ),
    ]


def _padded() -> list[Schema]:
    def padded(name: str, size: int, limit: int) -> list[Cell]:
        # The padding is what the application reads, so it is a part of what is kept.
        return [secret(each.ljust(limit)) for each in base32s(Dice.of(name), size)]

    bpchar = _WIDENED.format("`bpchar` without a length, which pads no more")
    return [
        plainly(
            "char_16",
            "char(16) NOT NULL",
            "`char(16)` whose 16 blanks mean none",
            f"blanks are no secret and keep their 16 characters; {bpchar}",
            mixed(padded("char_16", 10, 16), "", "                ", ""),
            after=(type_is("char_16", "secret", "bpchar"),),
            told=("column: room",),
        ),
        plainly(
            "char_32",
            "char(32)",
            "`char(32)` with shorter secrets, padded",
            f"the padding is sealed with the secret and comes back; {bpchar}",
            mixed(padded("char_32", 16, 32) + padded("char_32 full", 20, 32), *_NONE),
            after=(type_is("char_32", "secret", "bpchar"),),
            told=("column: room",),
        ),
    ]


def _aside() -> list[Schema]:
    kept_aside = "the envelope stands in `reseal.aside`, the column holds a mark of 16 characters"
    blanks = [secret(each.ljust(16)) for each in base32s(Dice.of("char_16_side"), 10)]
    view = "CREATE VIEW {0}_shown AS SELECT id, secret FROM {0}"
    return [
        plainly(
            "char_16_side",
            "char(16)",
            '`char(16)` that must stay, `store = "side"`',
            f"{kept_aside}; the type stays",
            mixed(blanks, *_NONE),
            after=(type_is("char_16_side", "secret", "character(16)"),),
            store="side",
        ),
        plainly(
            "varchar_16_view",
            "varchar(16) NOT NULL",
            '`varchar(16)` that a view shows, `store = "side"`',
            f"the view forbids another type; {kept_aside}",
            mixed(base32s(Dice.of("varchar_16_view"), 10), "", ""),
            behind=view.format("varchar_16_view"),
            after=(type_is("varchar_16_view", "secret", "character varying(16)"),),
            store="side",
        ),
        plainly(
            "varchar_40_side",
            "varchar(40)",
            '`varchar(40)` with room to spare, `store = "side"`',
            kept_aside,
            mixed(base32s(Dice.of("varchar_40_side")), *_NONE),
            store="side",
        ),
    ]


def room() -> list[Schema]:
    """Every table of this file."""
    return [*_lengths(), *_padded(), *_aside()]
