"""The check of CHECK constraints, of the table and of the column's domain: envelopes must pass."""

from psycopg import sql

from reseal.guard import guard_name
from reseal.preflight.accepts import Rule, tried
from reseal.preflight.question import Finding, Question, ok, refuse, warn
from reseal.preflight.subject import FieldSubject
from reseal.store.store import verbatim

# An inherited one is tried once, where it comes from, over the rows of all that inherit it. From
# version 18 on there are some that are not enforced.
CONSTRAINTS = """
SELECT k.conname::text, n.nspname, c.relname, c.oid, k.connoinherit,
       pg_get_expr(k.conbin, k.conrelid)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'c'
    AND ARRAY[a.attnum, 0::int2] && k.conkey
WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attname = %(column)s
  AND (k.conislocal OR k.conrelid = %(oid)s) AND k.conname <> %(guard)s
  AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) ORDER BY c.oid <> %(oid)s, 2, 3, 1
"""

REMEDY = "drop the constraint; `guard` puts one for envelopes there"
DOMAIN_REMEDY = "alter the domain, or give the column the type that the domain is made of"


def checks(subject: FieldSubject) -> Finding:
    """Look for CHECK constraints that would reject envelopes; each is tried, nothing written."""
    trials = {_label(subject, rule): tried(subject, rule) for rule in _rules(subject)}
    bad = [f"{name} ({trial.words})" for name, trial in trials.items() if not trial.accepts]
    if bad:
        return refuse(", ".join(bad), _remedy(bad))
    said = ", ".join(f"{name} {trial.words}" for name, trial in trials.items())
    if any(not trial.rows for trial in trials.values()):
        return warn(said, "check again once there are rows: without one this is not known")
    return ok(said or "none")


def _rules(subject: FieldSubject) -> list[Rule]:
    parameters = {**subject.at, "guard": guard_name(subject.target)}
    rules = [
        Rule(name, (schema, table), oid, only, verbatim(expression))
        for name, schema, table, oid, only, expression in subject.store.execute(
            CONSTRAINTS, parameters
        )
    ]
    field, column = subject.target.field, subject.target.column
    if column.domain:
        # A cast applies the constraints of the domain and of those that it is made of.
        meets = sql.SQL("({}::{}) IS NOT NULL").format(
            sql.Identifier(column.name), verbatim(column.domain)
        )
        table = (field.schema, field.table)
        rules.append(Rule(f"domain {column.domain}", table, subject.target.oid, False, meets))
    return rules


def _label(subject: FieldSubject, rule: Rule) -> str:
    if rule.oid == subject.target.oid:
        return rule.name
    return f"{rule.name} of {'.'.join(rule.table)}"


def _remedy(bad: list[str]) -> str:
    of_the_domain = [name for name in bad if name.startswith("domain ")]
    if len(of_the_domain) == len(bad):
        return DOMAIN_REMEDY
    return f"{REMEDY}; {DOMAIN_REMEDY}" if of_the_domain else REMEDY


CHECK_CHECKS = (Question("column: checks", "none that rejects envelopes", checks),)
