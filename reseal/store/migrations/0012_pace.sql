-- How hard each run works just now and why, and how far it is: one row a run, rewritten in place.
CREATE TABLE {reseal}.pace (
    run_id       uuid PRIMARY KEY,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    said         jsonb NOT NULL
) WITH (fillfactor = 50);
