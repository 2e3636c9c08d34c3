"""Reseal in packages that applications already use; each is imported only where it is wanted."""
