"""Prefect tasks: thin wrappers around the library that show, time and record."""
