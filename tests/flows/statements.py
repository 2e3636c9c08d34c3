"""SQL by which several stories see what a run is at, and what it came to."""

# Sessions of runs that have a transaction open, or a statement under way.
BUSY = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name LIKE 'reseal run %' AND (state <> 'idle' OR xact_start IS NOT NULL)
"""

OUTCOME = "SELECT outcome FROM reseal.run WHERE run_id::text = %s"
