-- Who asked a run to pause or stop, and when; both go when the wish is withdrawn.
ALTER TABLE {reseal}.control ADD COLUMN asked timestamptz, ADD COLUMN asked_by text;
