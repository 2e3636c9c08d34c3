"""Rows that no run can handle: set aside by key, accepted as they are, or tried again."""
