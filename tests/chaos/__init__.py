"""Kill runs at random moments while an application writes, and look whether anything is lost."""
