"""What of the documentation is made by code: the picture of the flow, the reference, a session."""
