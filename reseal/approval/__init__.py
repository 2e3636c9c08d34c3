"""Ask a person before the first write: what is planned, and the answer that stands."""
