"""Count a field's rows by what they hold, in SQL, without a value leaving the server."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Self

from psycopg import sql

from reseal.envelope import HEAD_CHARACTERS, PREFIX, version_of
from reseal.shape import FOREIGN, PATTERNS, Shape
from reseal.store.catalog import Target
from reseal.store.store import Store
from reseal.sweep.rows import begins, is_empty

# For what begins as an envelope, the first characters show the key version and nothing random.
CENSUS = """
SELECT CASE WHEN {empty} THEN 'empty' WHEN {sealed} THEN left({secret}, {head})
            WHEN {secret} ~ {foreign} THEN 'foreign' WHEN {secret} ~ {plain} THEN 'plain'
            ELSE 'unrecognised' END AS shape, count(*)
FROM {table} AS t WHERE {where} GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Census:
    """How many rows of a field hold what; `sealed` by key version."""

    empty: int = 0
    plain: int = 0
    foreign: int = 0
    unrecognised: int = 0
    sealed: dict[int, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """All rows of the field."""
        return self.empty + self.plain + self.foreign + self.unrecognised + self.all_sealed

    @property
    def all_sealed(self) -> int:
        """Rows that hold an envelope, under whatever key."""
        return sum(self.sealed.values())

    @property
    def unsettled(self) -> int:
        """Rows that hold something that is neither empty nor sealed."""
        return self.plain + self.foreign + self.unrecognised

    @classmethod
    def of(cls, counts: dict[str, int]) -> Self:
        """Make a census of counts by shape name or envelope head."""
        simple = {shape: counts.get(shape, 0) for shape in Shape if shape is not Shape.SEALED}
        sealed: Counter[int] = Counter()
        for head, rows in counts.items():
            if not head.startswith(PREFIX):
                continue
            version = version_of(head)
            if version is None:
                # Begins like an envelope and is none: a damaged value, not a sealed one.
                simple[Shape.UNRECOGNISED] += rows
            else:
                sealed[version] += rows
        return cls(**{shape.value: n for shape, n in simple.items()}, sealed=dict(sealed))

    def as_dict(self) -> dict[str, object]:
        """Return the census as the command line prints it."""
        return {
            "rows": self.rows,
            "empty": self.empty,
            "plain": self.plain,
            "foreign": self.foreign,
            "unrecognised": self.unrecognised,
            "sealed": {str(version): rows for version, rows in sorted(self.sealed.items())},
        }


def take_census(store: Store, target: Target) -> Census:
    """Count the field's rows in one statement."""
    rows = store.execute(
        CENSUS,
        empty=is_empty(target.field, target.secret),
        sealed=begins(target.secret, PREFIX),
        secret=target.secret,
        head=sql.Literal(HEAD_CHARACTERS),
        foreign=sql.Literal(FOREIGN),
        plain=sql.Literal(PATTERNS[target.field.format]),
        table=target.table,
        where=target.where,
    )
    return Census.of(dict(rows.fetchall()))
