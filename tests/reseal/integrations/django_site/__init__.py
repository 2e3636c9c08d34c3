"""A Django site in a process of its own, and the stories that are told in it.

Django is configured once a process, and other tests have it configured otherwise.
"""
