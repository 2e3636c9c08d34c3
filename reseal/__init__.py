"""Seal the MFA secrets of a live PostgreSQL in place, and keep them verifiable all the while."""

__version__ = "0.1.0"
