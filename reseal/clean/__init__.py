"""Clean: what a run leaves behind on disk, taken away step by step, and looked for after each."""
