"""Sessions of the server: whether a run has one, and whether this role sees what others do."""

from uuid import UUID

from reseal.store.store import Store

# Another database may know the run by a copy; only its own has its session, and of a run that was
# killed there is none.
IS_CONNECTED = """
SELECT EXISTS (SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND application_name = 'reseal run ' || %s)
"""

SEES_OTHERS = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"


def is_connected(store: Store, run_id: UUID | str) -> bool:
    """Say whether a run is connected to the database that this store is connected to."""
    return bool(store.need(IS_CONNECTED, [str(run_id)])[0])


def sees_others(store: Store) -> bool:
    """Say whether this role is told what the sessions of other roles do."""
    return bool(store.need(SEES_OTHERS)[0])
