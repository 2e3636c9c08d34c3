-- Without its row a key is lost with all that is sealed under it, so no row of a key goes.
CREATE FUNCTION {reseal}.data_keys_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a data key is never deleted; `reseal keys destroy` erases one';
END $$;
CREATE TRIGGER data_keys_stay BEFORE DELETE OR TRUNCATE ON {reseal}.data_key
    FOR EACH STATEMENT EXECUTE FUNCTION {reseal}.data_keys_stay();
