"""Old secrets are found by their bytes, wherever a file is."""
