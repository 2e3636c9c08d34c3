"""How hard a run may work just now, by what the server tells of how it fares."""
