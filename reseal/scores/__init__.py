"""Two scores of 0 to 100, security and storage efficiency, with every term; see docs/scores.md."""
