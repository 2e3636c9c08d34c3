"""How fast a run seals, beside what PostgreSQL itself needs to rewrite the column."""
