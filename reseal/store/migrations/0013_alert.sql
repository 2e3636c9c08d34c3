-- What somebody is called for, or may soon be: one row a kind of alert and what it is about.
-- `looks` counts those in a row that spoke for a change; `since` is when it was raised last, and
-- `cleared` when that was over.
CREATE TABLE {reseal}.alert (
    name         text NOT NULL,
    subject      text NOT NULL,
    is_raised    boolean NOT NULL,
    looks        integer NOT NULL CHECK (looks >= 0),
    value        double precision NOT NULL,
    sentence     text NOT NULL,
    since        timestamptz,
    cleared      timestamptz,
    seen         timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (name, subject),
    CHECK (NOT is_raised OR since IS NOT NULL)
);
REVOKE ALL ON {reseal}.alert FROM PUBLIC;

-- Samples come in the order of time, and what is old is forgotten by it.
CREATE INDEX sample_at ON {reseal}.sample USING brin (at);

-- How often an instance opened, minute by minute: its heartbeats tell how often it did since the
-- last one. Done here, applications need no right on `sample`, and older ones are counted too.
CREATE FUNCTION {reseal}.opens_are_counted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    opened bigint := NEW.opens;
    -- Older applications do not say who they are.
    instance text := coalesce(NEW.last_opened_by, 'unknown');
BEGIN
    IF TG_OP = 'UPDATE' THEN
        opened := NEW.opens - OLD.opens;
    END IF;
    UPDATE {reseal}.sample SET value = value + opened
    WHERE name = 'vault.opens' AND at = date_trunc('minute', clock_timestamp())
      AND source = instance;
    IF NOT FOUND THEN
        INSERT INTO {reseal}.sample (at, source, name, value)
        VALUES (date_trunc('minute', clock_timestamp()), instance, 'vault.opens', opened);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER first_opens_are_counted AFTER INSERT ON {reseal}.key_use FOR EACH ROW
    WHEN (NEW.opens > 0) EXECUTE FUNCTION {reseal}.opens_are_counted();
CREATE TRIGGER opens_are_counted AFTER UPDATE ON {reseal}.key_use FOR EACH ROW
    WHEN (NEW.opens > OLD.opens) EXECUTE FUNCTION {reseal}.opens_are_counted();
REVOKE ALL ON FUNCTION {reseal}.opens_are_counted() FROM PUBLIC;
