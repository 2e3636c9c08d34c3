"""Readers of envelopes in other languages, written from docs/format.md alone."""
