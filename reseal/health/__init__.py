"""How well a database with sealed secrets is now, and what somebody must be called for."""
