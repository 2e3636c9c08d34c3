"""Mirrors the rooms; bench measures, chaos breaks things, browser clicks."""
