-- A row is found in the backup by the bytes of its key; by another collation the index is no use.
ALTER TABLE {reseal}.backup ALTER COLUMN row_key TYPE text[] COLLATE "C";
