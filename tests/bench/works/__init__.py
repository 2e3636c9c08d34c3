"""One file for each way to rewrite the column; each counts what its own part takes."""
