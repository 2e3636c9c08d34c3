"""Copies beside a field's secrets: what stays readable once the field itself is sealed."""

from reseal.copies.copy import Copy, Search, spot
from reseal.copies.search import Registered, copies_of

__all__ = ["Copy", "Registered", "Search", "copies_of", "spot"]
