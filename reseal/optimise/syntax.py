"""The door to sqlglot: take a query apart by an allow-list, and refuse whatever is not on it.

What is run later is spelled anew from the parts, so that nothing of the text itself ever is.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reseal.errors import QueryRefused
from reseal.optimise.query import FUNCTIONS, Condition, Holding, Operand, Query

if TYPE_CHECKING:
    from sqlglot.expressions import Expr

# A login query is short; what an ORM writes for a report is not.
MOST_CHARACTERS = 5_000

_VALUES = frozenset({"parameter", "placeholder", "literal"})
# What stands around a value and changes nothing of how a row is found by it.
_AROUND = frozenset({"cast", "paren", "neg", *FUNCTIONS})
_TEXTS = frozenset({"TEXT", "VARCHAR"})
_HOLDINGS = {True: Holding.TRUE, False: Holding.FALSE}
_IS_HOLDINGS = {True: Holding.IS_TRUE, False: Holding.IS_FALSE}

_SAID = {
    "with_": "WITH", "distinct": "DISTINCT", "into": "INTO", "joins": "a join", "group": "GROUP BY",
    "having": "HAVING", "order": "ORDER BY", "offset": "OFFSET", "locks": "FOR UPDATE or FOR SHARE",
    "windows": "WINDOW", "sample": "TABLESAMPLE", "only": "ONLY", "laterals": "LATERAL",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Parsed:
    """A query and the table it is of, whose schema it may leave out.

    Where it selects every column, `selects_all`, its own list of them is empty.
    """

    schema: str | None
    table: str
    query: Query
    selects_all: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """What a statement writes: the columns that an UPDATE sets, None for an INSERT."""

    schema: str | None
    table: str
    columns: frozenset[str] | None


def parse_select(text: str) -> Parsed:
    """Take one SELECT of one table apart; raise QueryRefused, which quotes nothing of it.

    Allowed are columns, and equality of a column with a parameter or value, where the column may
    be in lower() or upper(); flags, IS NULL and IS NOT NULL; AND; LIMIT.
    """
    root = _need(_statement(text), "select", "expressions", "from_", "where", "limit")
    names = _Names.of(_need(root.args.get("from_"), "from", "this").this)
    where = _need(root.args.get("where"), "where", "this").this
    conditions = [names.condition(node) for node in _conjuncts(where)]
    lookups = tuple(dict.fromkeys(one for one in conditions if isinstance(one, Operand)))
    if not lookups:
        raise QueryRefused("it compares no column with a parameter")
    held = tuple(dict.fromkeys(one for one in conditions if isinstance(one, Condition)))
    selected = [names.selected(node) for node in root.args["expressions"]]
    selects_all = None in selected
    columns = () if selects_all else tuple(dict.fromkeys(one for one in selected if one))
    query = Query(columns, lookups, held, _limit(root.args.get("limit")))
    return Parsed(names.schema, names.table, query, selects_all)


def parse_write(text: str) -> Written:
    """Say what an UPDATE or INSERT writes; raise QueryRefused where it is neither."""
    root = _statement(text)
    if root.key not in ("update", "insert"):
        raise QueryRefused("it is neither an UPDATE nor an INSERT")
    table = root.this.this if root.this.key == "schema" else root.this
    schema, name = _table(table)
    if root.key == "insert":
        return Written(schema, name, None)
    targets = [each.this for each in root.expressions if each.key == "eq"]
    columns = [one for each in targets for one in each.walk() if one.key == "column"]
    return Written(schema, name, frozenset(_name(one.this) for one in columns))


def _statement(text: str) -> "Expr":
    from sqlglot import parse
    from sqlglot.errors import SqlglotError

    found: list[Any] = []
    if len(text) <= MOST_CHARACTERS:
        try:
            found = [one for one in parse(text, dialect="postgres") if one is not None]
        except (SqlglotError, RecursionError):
            # Its message quotes the statement.
            found = []
    if len(found) != 1:
        raise QueryRefused("it is not one statement that can be read")
    statement: Expr = found[0]
    return statement


def _need(node: Any, key: str, *allowed: str) -> "Expr":
    """Return a node if it is of this kind and has nothing but what is allowed."""
    if node is None or node.key != key:
        raise QueryRefused(f"it has {_spelled(node)} where {key.upper()} is due")
    for name, value in node.args.items():
        if value and name not in allowed:
            raise QueryRefused(f"it has {_SAID.get(name, name.strip('_'))}")
    checked: Expr = node
    return checked


def _spelled(node: Any) -> str:
    # The kind of a node is a word of SQL, and nothing of what somebody wrote.
    return "nothing" if node is None else str(node.key).upper()


def _name(node: Any) -> str:
    """Return a name as the server has it: without quotes, in lower case."""
    found = _need(node, "identifier", "this", "quoted")
    text = str(found.this)
    return text if found.args.get("quoted") else text.lower()


def _table(node: Any) -> tuple[str | None, str]:
    found = _need(node, "table", "this", "db", "alias")
    schema = found.args.get("db")
    return (_name(schema) if schema else None), _name(found.this)


def _conjuncts(node: Any) -> Iterator[Any]:
    """Yield what AND joins, from left to right; however deep it is nested."""
    left = [node]
    while left:
        node = left.pop()
        if node.key == "and":
            left += [node.expression, node.this]
        elif node.key == "paren":
            left.append(node.this)
        else:
            yield node


def _is_value(node: Any) -> bool:
    while node is not None and node.key in _AROUND:
        node = node.this
    return node is not None and node.key in _VALUES


def _bare(node: Any) -> Any:
    while node.key == "paren":
        node = node.this
    return node


def _limit(node: Any) -> int | None:
    if node is None:
        return None
    value = _need(node, "limit", "expression").args["expression"]
    if not _is_value(value):
        raise QueryRefused("its LIMIT is no number")
    # Of a parameter only the least is sure: whoever is looked up is one.
    return int(value.this) if value.key == "literal" and str(value.this).isdigit() else 1


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that a query has for its table, by which its columns may be qualified."""

    schema: str | None
    table: str
    alias: str

    @classmethod
    def of(cls, node: Any) -> "_Names":
        schema, table = _table(node)
        given = node.args.get("alias")
        alias = _name(_need(given, "tablealias", "this").this) if given else table
        return cls(schema, table, alias)

    def column(self, node: Any) -> str:
        found = _need(node, "column", "this", "table", "db")
        of, schema = found.args.get("table"), found.args.get("db")
        if (of and _name(of) != self.alias) or (schema and _name(schema) != self.schema):
            raise QueryRefused("it has a column of another table")
        return _name(found.this)

    def selected(self, node: Any) -> str | None:
        """Return a column that is selected, nothing for a value, None for all of them."""
        if node.key == "alias":
            node = _need(node, "alias", "this", "alias").this
        node = _bare(node)
        if node.key == "star" or (node.key == "column" and node.this.key == "star"):
            return None
        return "" if _is_value(node) else self.operand(node).column

    def operand(self, node: Any) -> Operand:
        """Return a column as it is compared."""
        node, function = _bare(node), ""
        if node.key in FUNCTIONS:
            function = node.key
            node = _bare(_need(node, node.key, "this").this)
        if node.key != "cast":
            return Operand(self.column(node), function)
        kind = _need(_need(node, "cast", "this", "to").args["to"], "datatype", "this")
        if kind.this.name not in _TEXTS:
            raise QueryRefused("it casts a column to something else than text")
        return Operand(self.column(_bare(node.this)), function, as_text=True)

    def condition(self, node: Any) -> Operand | Condition:
        """Return what a conjunct compares with a parameter, or what it wants of a column."""
        if node.key == "eq":
            return self._equality(_bare(node.this), _bare(node.expression))
        if node.key == "is":
            return self._is(node)
        if node.key == "not":
            return self._negated(_bare(node.this))
        return Condition(self.column(node), Holding.TRUE)

    def _equality(self, left: Any, right: Any) -> Operand | Condition:
        if _is_value(left) or left.key == "boolean":
            left, right = right, left
        if right.key == "boolean":
            return Condition(self.column(left), _HOLDINGS[bool(right.this)])
        if not _is_value(right):
            raise QueryRefused(f"it compares a column with {_spelled(right)}")
        return self.operand(left)

    def _is(self, node: Any) -> Condition:
        _need(node, "is", "this", "expression", "negate")
        column, what = self.column(_bare(node.this)), node.expression
        negated = bool(node.args.get("negate"))
        if what.key == "null":
            return Condition(column, Holding.NOT_NULL if negated else Holding.NULL)
        if what.key != "boolean" or negated:
            raise QueryRefused("it has IS with something else than NULL, TRUE or FALSE")
        return Condition(column, _IS_HOLDINGS[bool(what.this)])

    def _negated(self, node: Any) -> Condition:
        if node.key != "is":
            return Condition(self.column(node), Holding.FALSE)
        found = self._is(node)
        if found.holding is not Holding.NULL:
            raise QueryRefused("it has NOT around something else than a flag or IS NULL")
        return Condition(found.column, Holding.NOT_NULL)
