-- What a run needs: keys, readers, runs, checkpoints, audit log, backup, quarantine, control.
-- Nothing is granted to PUBLIC; roles come with a later migration.

CREATE TABLE {reseal}.data_key (
    version      integer PRIMARY KEY CHECK (version BETWEEN 1 AND 99999),
    state        text NOT NULL CHECK (state IN ('staged', 'active', 'retiring', 'disabled', 'destroyed')),
    algorithm    text NOT NULL DEFAULT 'AES-256-GCM',
    wrapped      bytea,
    kek          text NOT NULL,
    check_value  bytea NOT NULL,
    owner        text NOT NULL,
    purpose      text NOT NULL DEFAULT 'mfa secrets',
    seals        bigint NOT NULL DEFAULT 0,
    created      timestamptz NOT NULL DEFAULT clock_timestamp(),
    activated    timestamptz,
    expires      timestamptz NOT NULL DEFAULT clock_timestamp() + interval '1 year'
);
CREATE UNIQUE INDEX one_active_data_key ON {reseal}.data_key (state) WHERE state = 'active';

CREATE TABLE {reseal}.reader (
    instance     text PRIMARY KEY,
    library      text NOT NULL,
    opens        jsonb NOT NULL,
    seals        boolean NOT NULL,
    policy       text NOT NULL,
    seen         timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE {reseal}.run (
    run_id       uuid PRIMARY KEY,
    flow         text NOT NULL,
    mode         text NOT NULL,
    fields       text[] NOT NULL,
    actor        text NOT NULL,
    library      text NOT NULL,
    outcome      text,
    started      timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished     timestamptz
);

-- One row a field: who may write (the epoch) and what a person asked for.
CREATE TABLE {reseal}.control (
    field        text PRIMARY KEY,
    epoch        bigint NOT NULL,
    run_id       uuid NOT NULL,
    request      text CHECK (request IN ('pause', 'stop')),
    seen         timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- Written in the transaction that writes the rows, so that the two cannot disagree.
CREATE TABLE {reseal}.batch (
    batch_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id       uuid NOT NULL,
    field        text NOT NULL,
    epoch        bigint NOT NULL,
    turn         text NOT NULL,
    pass         integer NOT NULL,
    first_page   bigint NOT NULL,
    after_page   bigint NOT NULL,
    key_version  integer,
    rows_read    integer NOT NULL,
    changed      integer NOT NULL,
    moved        integer NOT NULL,
    locked       integer NOT NULL,
    settled      integer NOT NULL,
    empty        integer NOT NULL,
    quarantined  integer NOT NULL,
    left_alone   integer NOT NULL,
    xid          xid8 NOT NULL DEFAULT pg_current_xact_id(),
    written      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (rows_read = changed + moved + locked + settled + empty + quarantined + left_alone)
);
CREATE INDEX batch_of_run ON {reseal}.batch (run_id, field);

CREATE TABLE {reseal}.event (
    event_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    run_id       uuid,
    actor        text NOT NULL,
    action       text NOT NULL,
    detail       jsonb NOT NULL,
    at           timestamptz NOT NULL,
    previous     bytea NOT NULL,
    hash         bytea NOT NULL
);
CREATE FUNCTION {reseal}.event_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {reseal}.event
    FOR EACH ROW EXECUTE FUNCTION {reseal}.event_is_append_only();
CREATE TRIGGER append_only_whole BEFORE TRUNCATE ON {reseal}.event
    FOR EACH STATEMENT EXECUTE FUNCTION {reseal}.event_is_append_only();

-- One backup of one field: its key, wrapped by the backup KEK, and the moment from which on a
-- row that changed is not in it as it stands.
CREATE TABLE {reseal}.backup_set (
    run_id       uuid NOT NULL,
    field        text NOT NULL,
    wrapped      bytea,
    kek          text NOT NULL,
    horizon      pg_snapshot NOT NULL,
    rows         bigint,
    proven       timestamptz,
    created      timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires      timestamptz NOT NULL DEFAULT clock_timestamp() + interval '90 days',
    PRIMARY KEY (run_id, field)
);

CREATE TABLE {reseal}.backup (
    run_id       uuid NOT NULL,
    field        text NOT NULL,
    row_key      text[] NOT NULL,
    sealed       bytea NOT NULL,
    PRIMARY KEY (run_id, field, row_key)
) PARTITION BY LIST (run_id);

CREATE TABLE {reseal}.quarantine (
    field        text NOT NULL,
    row_key      text[] NOT NULL,
    run_id       uuid NOT NULL,
    reason       text NOT NULL,
    seen         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (field, row_key)
);

-- What a rollback did not touch, and why.
CREATE TABLE {reseal}.left_alone (
    run_id       uuid NOT NULL,
    field        text NOT NULL,
    row_key      text[] NOT NULL,
    reason       text NOT NULL,
    seen         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (field, row_key, run_id)
);
