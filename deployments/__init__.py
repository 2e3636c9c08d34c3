"""Where and when the flows run: prefect.yaml for a work pool, one deployment a flow."""
