-- What a backup, its copies, the shield and the quarantine have to remember.

-- Salted SHA-256 of each original, by which the shield knows again what a run has sealed; that of
-- an older backup is equal to none. `late` are originals that came between backup and sweep.
ALTER TABLE {reseal}.backup
    ADD COLUMN digest bytea NOT NULL DEFAULT '',
    ADD COLUMN late boolean NOT NULL DEFAULT false;
ALTER TABLE {reseal}.backup ALTER COLUMN digest DROP DEFAULT;

-- Where copies were written, and who destroyed the key. `shielded`: the shield has stood without a
-- break since it was taken, so that its digests count.
ALTER TABLE {reseal}.backup_set
    ADD COLUMN salt bytea NOT NULL DEFAULT '',
    ADD COLUMN copies text[] NOT NULL DEFAULT '{{}}',
    ADD COLUMN shielded boolean NOT NULL DEFAULT false,
    ADD COLUMN shredded timestamptz,
    ADD COLUMN shredded_by text;
ALTER TABLE {reseal}.backup_set ALTER COLUMN shielded SET DEFAULT true;

-- The rows whose envelope an application has written while the shield stood, and no run since: what
-- a run had sealed there before is not what stands there now. Keys are compared byte by byte.
CREATE TABLE {reseal}.application_seal (
    field        text NOT NULL,
    row_key      text[] COLLATE "C" NOT NULL,
    at           timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (field, row_key)
);

-- What kind of trouble a row is in and since when, and who has decided to leave it as it is.
ALTER TABLE {reseal}.quarantine
    ADD COLUMN class text NOT NULL DEFAULT 'other',
    ADD COLUMN since timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN accepted timestamptz,
    ADD COLUMN accepted_by text,
    ADD COLUMN note text;
