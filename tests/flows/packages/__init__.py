"""Applications on packages people already use: each a process, with that package's own tables."""
