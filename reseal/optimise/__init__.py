"""Find what a table is asked at login, and keep an index only where it measurably helps."""
