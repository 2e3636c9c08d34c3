-- The last time step whose code an application accepted for a row (RFC 6238, 5.2).
CREATE TABLE {reseal}.totp_use (
    field        text NOT NULL,
    row_key      text[] NOT NULL,
    step         bigint NOT NULL,
    used         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (field, row_key)
);
