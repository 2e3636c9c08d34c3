"""Prefect tasks: thin wrappers that retry, pace and show."""
