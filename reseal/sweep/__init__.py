"""One loop that seals, reseals or unseals a field, in spans, batches and passes."""
