"""How long a text a column may hold by now; a model goes on saying what it was made with."""

# With whatever placeholders the package has. No limit, no value.
LIMIT = """
SELECT CASE WHEN atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND atttypmod > 4
            THEN atttypmod - 4 END
FROM pg_attribute WHERE attrelid = to_regclass({table}) AND attname = {column}
"""
