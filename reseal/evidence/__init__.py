"""The record that a run leaves behind: a bundle of files, signed, and chained to the one before.

What is written here can be checked without Reseal's database and without its keys: by the bundles
and a public key alone.
"""
