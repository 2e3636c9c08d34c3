"""Tests of what looks at login queries and tries indexes for them."""
