"""Every original, sealed under a key of its own before it leaves the process, and proven."""
