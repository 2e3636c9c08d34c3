"""Checks of what else happens on a field's table: rules, copies, bloat."""

from reseal.preflight.check import Verdict
from reseal.preflight.growth import growth
from reseal.preflight.question import Finding, Question, none_of, ok, refuse, warn
from reseal.preflight.subject import FieldSubject
from reseal.sizes import readable

MOST_DEAD_SHARE = 0.2
# Below this, autovacuum has not been called yet and the share says nothing.
FEW_DEAD = 1000

# 2 is UPDATE, which is what a sweep does.
RULES = """
SELECT r.rulename || CASE WHEN r.ev_class = %(oid)s THEN '' ELSE ' on ' || r.ev_class::regclass END,
       r.ev_type = '2'
FROM pg_rewrite r WHERE r.ev_class = ANY (%(oids)s::oid[]) AND r.ev_enabled <> 'D' ORDER BY 1
"""

PUBLICATIONS = """
SELECT DISTINCT p.pubname::text
FROM pg_publication_tables p JOIN pg_namespace n ON n.nspname = p.schemaname
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = p.tablename
WHERE c.oid = ANY (%(oids)s::oid[]) ORDER BY 1
"""

# Without a replica identity the server refuses every update of a published table.
WITHOUT_IDENTITY = """
SELECT DISTINCT c.oid::regclass::text
FROM pg_publication_tables t JOIN pg_publication p ON p.pubname = t.pubname AND p.pubupdate
JOIN pg_namespace n ON n.nspname = t.schemaname
JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = t.tablename
WHERE c.oid = ANY (%(oids)s::oid[]) AND (c.relreplident = 'n' OR c.relreplident = 'd'
    AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
ORDER BY 1
"""

DEAD = """
SELECT coalesce(sum(s.n_dead_tup), 0)::bigint, coalesce(sum(s.n_live_tup), 0)::bigint,
       string_agg(DISTINCT coalesce((
           SELECT option_value FROM pg_options_to_table(c.reloptions)
           WHERE option_name = 'fillfactor'), '100'), ' or ')
FROM pg_class c LEFT JOIN pg_stat_all_tables s ON s.relid = c.oid
WHERE c.oid = ANY (%(heaps)s::oid[])
"""


def rules(subject: FieldSubject) -> Finding:
    """Look for rules, which rewrite a statement into something else."""
    found = subject.store.execute(RULES, subject.at).fetchall()
    names = [name for name, _ in found]
    if any(is_of_update for _, is_of_update in found):
        return none_of(names, Verdict.REFUSE, "DROP RULE: it can divert what the sweep writes")
    return none_of(names, Verdict.WARN, "know that these divert what the application writes")


def publications(subject: FieldSubject) -> Finding:
    """Look for publications that carry the table to subscribers."""
    bare = ", ".join(name for (name,) in subject.store.execute(WITHOUT_IDENTITY, subject.at))
    if bare:
        remedy = f"ALTER TABLE {bare} REPLICA IDENTITY USING INDEX or FULL: no update passes before"
        return refuse(f"{bare} is published without a replica identity", remedy)
    found = subject.store.execute(PUBLICATIONS, subject.at)
    remedy = "make the subscribers' column text and their readers open envelopes; they keep copies"
    return none_of([name for (name,) in found], Verdict.WARN, remedy)


def dead_rows(subject: FieldSubject) -> Finding:
    """Look at the share of dead rows; the run adds one for each row that it seals."""
    dead, live, fillfactor = subject.store.need(DEAD, subject.at)
    share = dead / max(dead + live, 1)
    value = f"{share:.0%} dead, fillfactor {fillfactor or 100}"
    if dead > FEW_DEAD and share > MOST_DEAD_SHARE:
        return warn(value, "VACUUM the table first, so that the run reuses the room")
    return ok(value)


def expected_growth(subject: FieldSubject) -> Finding:
    """Say what the run is expected to write; the disk check judges it."""
    added = growth(subject)
    return ok(
        f"table +{readable(added.table)}, log +{readable(added.log)}, "
        f"backup +{readable(added.backup)}"
    )


TABLE_CHECKS = (
    Question("table: rules", "none that rewrites an UPDATE", rules),
    Question("table: publications", "none", publications),
    Question("table: dead rows", f"{MOST_DEAD_SHARE:.0%}", dead_rows),
    Question("table: growth", "judged by the disk check", expected_growth),
)
