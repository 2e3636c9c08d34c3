"""Residue: old plaintext that is left beside the rows, found by its bytes wherever a file is."""
