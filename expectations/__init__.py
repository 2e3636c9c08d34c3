"""What must be true, as sentences."""
