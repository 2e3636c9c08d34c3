-- The life of a data key after another has taken over, and what is known of its use.

-- Seals are counted where they happen, in `batch` and `key_use`.
ALTER TABLE {reseal}.data_key
    DROP COLUMN seals,
    ADD COLUMN retired     timestamptz,
    ADD COLUMN disabled    timestamptz,
    ADD COLUMN destroyed   timestamptz,
    ADD COLUMN compromised timestamptz,
    ADD CHECK ((state = 'destroyed') = (wrapped IS NULL));

-- Encryptions under the batch's key, also of rows that were then not written.
ALTER TABLE {reseal}.batch ADD COLUMN seals integer NOT NULL DEFAULT 0;
CREATE INDEX batch_of_key ON {reseal}.batch (key_version);

-- The key version under which an instance seals; NULL where it does not say.
ALTER TABLE {reseal}.reader ADD COLUMN active integer;

-- What all applications together have done with a key version, as their heartbeats tell.
CREATE TABLE {reseal}.key_use (
    version        integer PRIMARY KEY,
    opens          bigint NOT NULL DEFAULT 0,
    seals          bigint NOT NULL DEFAULT 0,
    last_opened    timestamptz,
    last_opened_by text,
    last_sealed    timestamptz,
    last_sealed_by text
);

-- How many rows of a field's table held an envelope of a key version, each time that was counted.
CREATE TABLE {reseal}.key_census (
    field        text NOT NULL,
    version      integer NOT NULL,
    rows         bigint NOT NULL,
    run_id       uuid,
    taken        timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (field, version, taken)
);
