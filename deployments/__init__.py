"""Schedules, work pools and automations around the flows."""
