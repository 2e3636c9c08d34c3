-- The audit log: numbered without a gap and chained by the database itself, closed to every change.
-- Nothing was released with the log of 0001, so what it held is not carried over.

DROP TABLE {reseal}.event;

-- `run_id` is the run that an event is about, `correlation` the run or the command that wrote it;
-- `actor` and `account` are what a client says, `role` is whom the server has let in.
CREATE TABLE {reseal}.event (
    event_id     bigint PRIMARY KEY,
    run_id       uuid,
    correlation  uuid NOT NULL,
    actor        text NOT NULL,
    account      text,
    role         text NOT NULL,
    action       text NOT NULL,
    detail       jsonb NOT NULL,
    at           timestamptz NOT NULL,
    previous     bytea NOT NULL,
    hash         bytea NOT NULL
);
CREATE INDEX event_of_run ON {reseal}.event (run_id, event_id);
CREATE INDEX event_of_correlation ON {reseal}.event (correlation, event_id);
CREATE INDEX event_of_action ON {reseal}.event (action, event_id);

-- hash = SHA-256 (previous, SHA-256 (the event's own JSON as PostgreSQL spells it)); docs/format.md.
CREATE FUNCTION {reseal}.event_is_chained() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last record;
    body text;
BEGIN
    -- The chain is one line: writers queue here until the one before has committed.
    PERFORM pg_advisory_xact_lock(hashtextextended('reseal events', 0));
    -- A statement of its own: its snapshot is taken when the lock is held, or it would miss the
    -- event of the writer before.
    SELECT event_id, hash INTO last FROM {reseal}.event ORDER BY event_id DESC LIMIT 1;
    NEW.event_id := coalesce(last.event_id, 0) + 1;
    NEW.role := session_user;
    NEW.at := clock_timestamp();
    NEW.previous := coalesce(last.hash, decode(repeat('00', 32), 'hex'));
    body := jsonb_build_object(
        'id', NEW.event_id, 'at', (to_jsonb(NEW.at AT TIME ZONE 'UTC') #>> '{{}}') || 'Z',
        'run', NEW.run_id, 'by', NEW.correlation, 'actor', NEW.actor, 'account', NEW.account,
        'role', NEW.role, 'action', NEW.action, 'detail', NEW.detail)::text;
    NEW.hash := sha256(NEW.previous || sha256(convert_to(body, 'UTF8')));
    RETURN NEW;
END $$;

-- Not ALWAYS: what arrives by replication is chained already.
CREATE TRIGGER chained BEFORE INSERT ON {reseal}.event
    FOR EACH ROW EXECUTE FUNCTION {reseal}.event_is_chained();

-- ALWAYS: whoever sets session_replication_role gets no further.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON {reseal}.event
    FOR EACH ROW EXECUTE FUNCTION {reseal}.event_is_append_only();
CREATE TRIGGER append_only_whole BEFORE UPDATE OR DELETE OR TRUNCATE ON {reseal}.event
    FOR EACH STATEMENT EXECUTE FUNCTION {reseal}.event_is_append_only();
ALTER TABLE {reseal}.event ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE {reseal}.event ENABLE ALWAYS TRIGGER append_only_whole;
REVOKE ALL ON {reseal}.event FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON {reseal}.event FROM CURRENT_USER;

-- An application that does something else with plaintext than the one that reported last.
CREATE FUNCTION {reseal}.policy_is_noted() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    told jsonb := jsonb_build_object('policy', NEW.policy, 'seals', NEW.seals);
    before jsonb;
BEGIN
    SELECT jsonb_build_object('policy', detail -> 'policy', 'seals', detail -> 'seals') INTO before
    FROM {reseal}.event WHERE action = 'plaintext policy changed' ORDER BY event_id DESC LIMIT 1;
    IF told IS DISTINCT FROM before THEN
        INSERT INTO {reseal}.event (correlation, actor, action, detail)
        VALUES (gen_random_uuid(), NEW.instance, 'plaintext policy changed',
                told || jsonb_build_object('before', before));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER policy_is_noted AFTER INSERT ON {reseal}.reader
    FOR EACH ROW EXECUTE FUNCTION {reseal}.policy_is_noted();
CREATE TRIGGER policy_change_is_noted AFTER UPDATE ON {reseal}.reader FOR EACH ROW
    WHEN ((OLD.policy, OLD.seals) IS DISTINCT FROM (NEW.policy, NEW.seals))
    EXECUTE FUNCTION {reseal}.policy_is_noted();

REVOKE ALL ON FUNCTION {reseal}.event_is_chained(), {reseal}.event_is_append_only(),
    {reseal}.policy_is_noted() FROM PUBLIC;
