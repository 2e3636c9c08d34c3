"""Every SQL statement that Reseal sends, beside the function that runs it."""
