"""Checks of what the connected role may do."""

from reseal.preflight.question import Finding, Question, ok, refuse
from reseal.preflight.subject import FieldSubject, Subject

READ = """
SELECT has_schema_privilege(c.relnamespace, 'USAGE') AND bool_and(
           has_column_privilege(c.oid, a.attnum, 'SELECT')), current_user::text
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.oid = %s AND a.attname = ANY (%s) GROUP BY c.relnamespace, c.oid
"""

UPDATE = """
SELECT has_column_privilege(%(oid)s::oid, %(attnum)s::int2, 'UPDATE'), current_user::text
"""

OWNER = """
SELECT pg_has_role(relowner, 'USAGE'), pg_get_userbyid(relowner)::text, current_user::text
FROM pg_class WHERE oid = %(oid)s
"""

ROW_SECURITY = "SELECT relrowsecurity, row_security_active(oid) FROM pg_class WHERE oid = %(oid)s"

OWN_SCHEMA = """
SELECT has_schema_privilege(oid, 'USAGE') AND has_schema_privilege(oid, 'CREATE'),
       current_user::text
FROM pg_namespace WHERE nspname = %s
"""

DATABASE = """
SELECT has_database_privilege(current_database(), 'CREATE'), current_database()::text,
       current_user::text
"""


def read(subject: FieldSubject) -> Finding:
    """Look whether the role may read the column and the key."""
    columns = [subject.target.field.column, *(column.name for column in subject.target.key)]
    allowed, role = subject.store.need(READ, [subject.target.oid, columns])
    if allowed:
        return ok(role)
    table = subject.target.field.qualified_table
    schema = subject.target.field.schema
    remedy = f"GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {table} TO {role}"
    return refuse(f"{role} may not", remedy)


def update(subject: FieldSubject) -> Finding:
    """Look whether the role may write the column."""
    allowed, role = subject.store.need(UPDATE, subject.at)
    if allowed:
        return ok(role)
    remedy = f"GRANT UPDATE ON {subject.target.field.qualified_table} TO {role}"
    return refuse(f"{role} may not", remedy)


def owner(subject: FieldSubject) -> Finding:
    """Look whether the role may alter the table: constraint, column type and indexes need it."""
    allowed, holder, role = subject.store.need(OWNER, subject.at)
    if allowed:
        return ok(holder)
    return refuse(f"{holder} owns it, {role} is no member", f"GRANT {holder} TO {role}")


def row_security(subject: FieldSubject) -> Finding:
    """Look whether policies hide rows from the role: it would seal nothing and call it done."""
    is_enabled, hides = subject.store.need(ROW_SECURITY, subject.at)
    if hides:
        remedy = "connect as the table's owner, or as a role with BYPASSRLS"
        return refuse("policies apply to this role", remedy)
    return ok("enabled, bypassed by this role" if is_enabled else "not enabled")


def own_schema(subject: Subject) -> Finding:
    """Look whether Reseal's own tables can be made, or are there and can be used."""
    schema = subject.store.schema
    found = subject.store.one(OWN_SCHEMA, [schema])
    if found is None:
        return _may_create(subject, schema)
    allowed, role = found
    if allowed:
        return ok(f"schema {schema} stands")
    remedy = f"GRANT USAGE, CREATE ON SCHEMA {schema} TO {role}"
    return refuse(f"{role} may not use schema {schema}", remedy)


def _may_create(subject: Subject, schema: str) -> Finding:
    allowed, database, role = subject.store.need(DATABASE)
    if allowed:
        return ok(f"schema {schema} can be made")
    remedy = f"GRANT CREATE ON DATABASE {database} TO {role}"
    return refuse(f"{role} may not create schema {schema}", remedy)


RIGHTS_CHECKS = (Question("rights: schema", "usable, or can be made", own_schema),)

FIELD_RIGHTS_CHECKS = (
    Question("rights: read", "SELECT on the column and the key", read),
    Question("rights: update", "UPDATE on the column", update),
    Question("rights: owner", "member of the table's owner", owner),
    Question("rights: row security", "no policy hides rows", row_security),
)
