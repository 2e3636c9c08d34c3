"""The server's files, read through the server: what that needs, and how they are told apart."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from reseal.errors import StoreError
from reseal.residue.place import File, Kind, Place
from reseal.store.store import Store
from reseal.sweep.span import stretches

MAY_READ = """
SELECT has_function_privilege('pg_read_binary_file(text, bigint, bigint, boolean)', 'EXECUTE'),
       pg_has_role('pg_monitor', 'MEMBER')
"""

# What was changed in memory only is not in the files.
CHECKPOINT = "CHECKPOINT"

READ = "SELECT pg_read_binary_file(%s, %s, %s, true)"

# What was written last comes first: there a look that ends with the first find has soonest done.
WAL_FILES = """
SELECT 'pg_wal/' || name, size FROM pg_ls_waldir() ORDER BY modification DESC, name DESC
"""

COMPRESSES_WAL = "SELECT current_setting('wal_compression')"

COLLECTS_LOG = "SELECT current_setting('logging_collector') = 'on'"

LOG_FILES = """
SELECT current_setting('log_directory') || '/' || name, size FROM pg_ls_logdir()
ORDER BY modification DESC, name DESC
"""

# The embedded server is begun with its log there.
BEGUN_WITH = "SELECT size FROM pg_stat_file('log', true) WHERE NOT isdir"

STATEMENTS = "SELECT to_regclass('pg_stat_statements') IS NOT NULL"

STATEMENT_TEXTS = "SELECT query FROM pg_stat_statements WHERE query IS NOT NULL"

_PIECE_BYTES = 1024 * 1024

NO_FILES = (
    "the role may not read the server's files; GRANT EXECUTE ON FUNCTION "
    "pg_read_binary_file(text, bigint, bigint, boolean) and pg_monitor let it"
)
NO_CHECKPOINT = (
    "the role may not ask for a CHECKPOINT, so that what is only in memory is not in the files; "
    "GRANT pg_checkpoint lets it"
)


class Piece(NamedTuple):
    """`size` bytes of a file, from `offset` on; `before` are those of the place's earlier files."""

    path: str
    offset: int
    size: int
    before: int = 0


@dataclass(frozen=True, slots=True)
class FileRights:
    """Why a server's files, or its directories, cannot be looked at; None where they can."""

    files: str | None
    directories: str | None

    @classmethod
    def of(cls, store: Store) -> "FileRights":
        """Ask for the rights, and bring what is in memory into the files."""
        may_read, may_list = store.need(MAY_READ)
        if not may_read:
            return cls(NO_FILES, NO_FILES)
        return cls(_checkpointed(store), None if may_list else NO_FILES)


def _checkpointed(store: Store) -> str | None:
    try:
        store.execute(CHECKPOINT)
    except StoreError:
        return NO_CHECKPOINT
    return None


def pieces(place: Place, block: int) -> Iterator[Piece]:
    """Cut the files of a place into pieces, or only those pages of it that are to be looked at."""
    before = 0
    for file in place.files:
        for first, after in _stretches(place.only, before // block, file.size // block):
            stretch = range(first * block, min(after * block, file.size), _PIECE_BYTES)
            for offset in stretch:
                yield Piece(file.path, offset, min(_PIECE_BYTES, stretch.stop - offset), before)
        before += file.size


def _stretches(only: frozenset[int] | None, before: int, pages: int) -> list[tuple[int, int]]:
    """Return from which page of a file to which one it is to be looked at."""
    if only is None:
        return [(0, pages + 1)]
    return stretches(page - before for page in only if before <= page < before + pages)


def read(store: Store, piece: Piece, more: int) -> bytes:
    """Return the bytes of a piece and some that follow; none where the file is gone."""
    cursor = store.connection.cursor(binary=True)
    row = cursor.execute(READ, [piece.path, piece.offset, piece.size + more]).fetchone()
    return row[0] if row and row[0] is not None else b""


def log_places(store: Store, rights: FileRights) -> Iterator[Place]:
    """Return the write-ahead log and the server's log, as far as they can be looked at."""
    yield _wal(store, rights)
    yield _server_log(store, rights)


def _wal(store: Store, rights: FileRights) -> Place:
    name = "pg_wal"
    if rights.directories:
        return Place(Kind.WAL, name, unseen=rights.directories)
    files = tuple(File(*row) for row in store.execute(WAL_FILES))
    compresses = store.need(COMPRESSES_WAL)[0] != "off"
    why = "wal_compression is on, and pages in it are compressed" if compresses else None
    return Place(Kind.WAL, name, files, unseen=why)


def _server_log(store: Store, rights: FileRights) -> Place:
    name = "log_directory"
    if rights.directories:
        return Place(Kind.LOG, name, unseen=rights.directories)
    if not store.need(COLLECTS_LOG)[0]:
        if begun := store.one(BEGUN_WITH):
            return Place(Kind.LOG, "log", (File("log", begun[0]),))
        why = "the server writes its log to the standard error, and where that goes it cannot tell"
        return Place(Kind.LOG, name, unseen=why)
    return Place(Kind.LOG, name, tuple(File(*row) for row in store.execute(LOG_FILES)))


def statements(store: Store) -> Place | None:
    """Return the texts that pg_stat_statements keeps, where this database has it."""
    if not store.need(STATEMENTS)[0]:
        return None
    try:
        texts = tuple(text for (text,) in store.execute(STATEMENT_TEXTS))
    except StoreError as error:
        return Place(Kind.STATEMENTS, "pg_stat_statements", unseen=str(error))
    hidden = any(text == "<insufficient privilege>" for text in texts)
    why = "the role sees no statements of others; GRANT pg_read_all_stats lets it"
    return Place(Kind.STATEMENTS, "pg_stat_statements", texts=texts, unseen=why if hidden else None)
