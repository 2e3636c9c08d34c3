"""All tables: those that go through every command, and those that must be refused."""

from tests.schemas.arrays import arrays
from tests.schemas.behaviour import behaviour
from tests.schemas.contents import contents
from tests.schemas.documents import documents
from tests.schemas.keys import keys
from tests.schemas.kinds import kinds
from tests.schemas.names import names
from tests.schemas.room import room
from tests.schemas.schema import Schema
from tests.schemas.storage import storage
from tests.schemas.types import types

GROUPS: dict[str, list[Schema]] = {
    "Types": types(),
    "Room": room(),
    "Documents": documents(),
    "Arrays": arrays(),
    "What stands in the column": contents(),
    "Several secrets, several kinds of row": kinds(),
    "Keys": keys(),
    "Storage": storage(),
    "Names": names(),
    "What else looks or acts": behaviour(),
}
SCHEMAS = [schema for group in GROUPS.values() for schema in group]
