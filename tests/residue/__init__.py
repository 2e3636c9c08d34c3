"""The must-show of the cleaning: a talkative server under write load, and a search of its disk.

Nothing in here uses what is under test to look.
"""
