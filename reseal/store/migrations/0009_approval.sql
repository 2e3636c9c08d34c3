-- What runs asked a person before their first write, what she saw, and the one answer that stands.
-- Names are what people say of themselves; `database_user` is what the server knows of them.
CREATE TABLE {reseal}.approval (
    run_id        uuid PRIMARY KEY,
    asked         timestamptz NOT NULL,
    asked_by      text NOT NULL,
    asked_os_user text NOT NULL,
    asked_on      text NOT NULL,
    until         timestamptz NOT NULL,
    plan          jsonb NOT NULL,
    decision      text CHECK (decision IN ('approved', 'rejected', 'timed out', 'withdrawn')),
    name          text,
    reason        text,
    decided       timestamptz,
    way           text CHECK (way IN ('prefect', 'command')),
    os_user       text,
    host          text,
    database_user text,
    CHECK ((decision IS NULL) = (decided IS NULL)),
    CHECK (decision NOT IN ('approved', 'rejected') OR name <> '' AND way IS NOT NULL)
);
CREATE FUNCTION {reseal}.approval_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.decision IS NULL
            AND (OLD.run_id, OLD.asked, OLD.asked_by, OLD.asked_os_user, OLD.asked_on, OLD.until, OLD.plan)
            = (NEW.run_id, NEW.asked, NEW.asked_by, NEW.asked_os_user, NEW.asked_on, NEW.until, NEW.plan)
        THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'an answer stands, and so does what was asked';
END $$;
CREATE TRIGGER approval_stands BEFORE UPDATE OR DELETE ON {reseal}.approval
    FOR EACH ROW EXECUTE FUNCTION {reseal}.approval_stands();
CREATE TRIGGER approval_stands_whole BEFORE TRUNCATE ON {reseal}.approval
    FOR EACH STATEMENT EXECUTE FUNCTION {reseal}.approval_stands();
