"""What a run leaves on disk is taken away, and nothing else."""
