"""Mutated input through every reader: only errors of our own come out, and nothing that is wrong.

`make fuzz` tries a million envelopes and ten thousand of everything else; the suite some of them.
"""
