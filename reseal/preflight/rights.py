"""Checks of what the connected role may do, on the table and on each heap that it is made of."""

from reseal.preflight.question import Finding, Question, ok, refuse
from reseal.preflight.subject import FieldSubject, Subject

# A sweep reads and writes each heap by itself, and there also which version a row is and where it
# lies; to read those takes SELECT on the table or on these columns, as it does for any other.
READ = """
SELECT format('%%I.%%I', n.nspname, c.relname), has_schema_privilege(n.oid, 'USAGE'), bool_and(
           has_column_privilege(c.oid, a.attnum, 'SELECT')), quote_ident(n.nspname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
    AND (a.attname = ANY (%(columns)s)
         OR a.attname IN ('xmin', 'ctid', 'tableoid') AND c.oid = ANY (%(heaps)s::oid[]))
WHERE c.oid = %(oid)s OR c.oid = ANY (%(heaps)s::oid[]) GROUP BY n.oid, c.oid ORDER BY 1
"""

UPDATE = """
SELECT format('%%I.%%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = %(column)s
WHERE c.oid = ANY (%(heaps)s::oid[]) AND NOT has_column_privilege(c.oid, a.attnum, 'UPDATE')
ORDER BY 1
"""

OWNERS = """
SELECT format('%%I.%%I', n.nspname, c.relname), quote_ident(pg_get_userbyid(c.relowner)),
       pg_has_role(c.relowner, 'USAGE')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = ANY (%(oids)s::oid[]) ORDER BY 1
"""

ROW_SECURITY = """
SELECT format('%%I.%%I', n.nspname, c.relname), row_security_active(c.oid),
       c.relforcerowsecurity AND pg_has_role(c.relowner, 'USAGE')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE (c.oid = %(oid)s OR c.oid = ANY (%(heaps)s::oid[])) AND c.relrowsecurity ORDER BY 1
"""

ROLE = "SELECT quote_ident(current_user)"

# From version 15 on the right to it can be granted; before, it takes a superuser.
SETS_PARAMETER = "SELECT has_parameter_privilege('session_replication_role', 'SET')"

IS_SUPERUSER = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"

GRANTABLE_PARAMETERS = 150000

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
    """Look whether the role may read the column and the key, and the versions of rows."""
    target, role = subject.target, _role(subject)
    columns = [target.field.column, *(column.name for column in target.key)]
    missing: list[str] = []
    tables: list[str] = []
    for table, enters, reads, schema in subject.store.execute(
        READ, {**subject.at, "columns": columns}
    ):
        if not enters:
            missing.append(f"GRANT USAGE ON SCHEMA {schema} TO {role}")
        if not (enters and reads):
            tables.append(table)
            missing.append(f"GRANT SELECT ON {table} TO {role}")
    if not tables:
        return ok(role)
    return refuse(f"{role} may not read {', '.join(tables)}", "; ".join(dict.fromkeys(missing)))


def update(subject: FieldSubject) -> Finding:
    """Look whether the role may write the column."""
    role = _role(subject)
    tables = [table for (table,) in subject.store.execute(UPDATE, subject.at)]
    if not tables:
        return ok(role)
    remedy = f"GRANT UPDATE ON {', '.join(tables)} TO {role}"
    return refuse(f"{role} may not update {', '.join(tables)}", remedy)


def owner(subject: FieldSubject) -> Finding:
    """Look whether the role may alter the table: constraint, column type and indexes need it."""
    role = _role(subject)
    found = subject.store.execute(OWNERS, subject.at).fetchall()
    missing = {table: holder for table, holder, is_member in found if not is_member}
    if not missing:
        return ok(", ".join(dict.fromkeys(holder for _, holder, _ in found)))
    value = ", ".join(f"{holder} owns {table}" for table, holder in missing.items())
    return refuse(
        f"{value}, {role} is no member",
        "; ".join(f"GRANT {holder} TO {role}" for holder in dict.fromkeys(missing.values())),
    )


def row_security(subject: FieldSubject) -> Finding:
    """Look whether policies hide rows from the role: it would seal nothing and call it done."""
    found = subject.store.execute(ROW_SECURITY, subject.at).fetchall()
    hiding = {table: is_forced for table, hides, is_forced in found if hides}
    if not hiding:
        return ok("enabled, bypassed by this role" if found else "not enabled")
    value = f"policies of {', '.join(hiding)} apply to this role"
    remedy = "connect as the table's owner, or as a role with BYPASSRLS"
    if any(hiding.values()):
        value += ", who owns it: they are forced"
        remedy = "connect as a role with BYPASSRLS, or ALTER TABLE ... NO FORCE ROW LEVEL SECURITY"
    return refuse(value, remedy)


def replication_role(subject: FieldSubject) -> Finding:
    """Look whether the role may skip triggers, where it is to."""
    if not subject.target.field.skips_triggers:
        return ok("not needed")
    role = _role(subject)
    is_grantable = subject.store.connection.info.server_version >= GRANTABLE_PARAMETERS
    allowed = subject.store.need(SETS_PARAMETER if is_grantable else IS_SUPERUSER)[0]
    if allowed:
        return ok(role)
    remedy = "connect as a superuser"
    if is_grantable:
        remedy = f"GRANT SET ON PARAMETER session_replication_role TO {role}"
    value = f"{role} may not set session_replication_role"
    return refuse(value, f'{remedy}; or leave triggers = "skip" out of reseal.toml')


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


def _role(subject: FieldSubject) -> str:
    return str(subject.store.need(ROLE)[0])


RIGHTS_CHECKS = (Question("rights: schema", "usable, or can be made", own_schema),)

FIELD_RIGHTS_CHECKS = (
    Question("rights: read", "SELECT on the column, the key and xmin, ctid", read),
    Question("rights: update", "UPDATE on the column", update),
    Question("rights: owner", "member of the table's owner", owner),
    Question("rights: row security", "no policy hides rows", row_security),
    Question("rights: triggers", "may skip them, where it is to", replication_role),
)
