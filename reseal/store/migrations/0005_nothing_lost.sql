-- What a backup, its copies, the shield and the quarantine have to remember.

-- Salted SHA-256 of each original, by which the shield knows again what a run has sealed; `late`
-- are originals that came between the backup and the sweep.
ALTER TABLE {reseal}.backup
    ADD COLUMN digest bytea,
    ADD COLUMN late boolean NOT NULL DEFAULT false;

-- Where copies were written, and who destroyed the key.
ALTER TABLE {reseal}.backup_set
    ADD COLUMN salt bytea NOT NULL DEFAULT '',
    ADD COLUMN copies text[] NOT NULL DEFAULT '{{}}',
    ADD COLUMN shredded timestamptz,
    ADD COLUMN shredded_by text;

-- What kind of trouble a row is in and since when, and who has decided to leave it as it is.
ALTER TABLE {reseal}.quarantine
    ADD COLUMN class text NOT NULL DEFAULT 'other',
    ADD COLUMN since timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD COLUMN accepted timestamptz,
    ADD COLUMN accepted_by text,
    ADD COLUMN note text;
