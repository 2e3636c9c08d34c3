"""The audit log: what an event may say, how events hang together, and how that is checked."""
