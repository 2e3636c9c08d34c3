"""A careless users table and an application that keeps using it, to show and to test a run."""
