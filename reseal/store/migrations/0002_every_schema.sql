-- Tables of many heaps, and envelopes that a column has no room for.

ALTER TABLE {reseal}.batch ADD COLUMN heap text;

-- One row an envelope, never changed: a mark in the application's column names it for good.
CREATE TABLE {reseal}.aside (
    field        text NOT NULL,
    mark         text NOT NULL,
    envelope     text NOT NULL,
    made         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (field, mark)
);
