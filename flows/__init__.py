"""Flows that read as recipes, and the command line that runs them."""
