-- Health and performance over time: what was measured, by whom and when. Numbers only.
CREATE TABLE {reseal}.sample (
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    source       text NOT NULL,
    name         text NOT NULL,
    value        double precision NOT NULL
);
CREATE INDEX sample_name_at ON {reseal}.sample (name, at);
