"""Look at an installation as it stands: versions, settings, what is in reach, rights."""
