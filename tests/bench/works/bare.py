"""What PostgreSQL itself needs: a constant as long as an envelope, in one statement."""

from tests.bench.site import Site
from tests.bench.spent import Spent, counted
from tests.bench.table import ENVELOPE_CHARACTERS


def update(site: Site) -> Spent:
    """Rewrite the column."""
    constant = "x" * ENVELOPE_CHARACTERS
    with site.connected() as connection, counted(site) as spent:
        connection.execute("UPDATE users SET mfa_secret = %s", [constant])
    return spent
