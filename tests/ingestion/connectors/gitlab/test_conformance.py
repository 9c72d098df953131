"""The rules that every connector keeps, over the small GitLab of `example.py`."""

from support.conformance import conformance

test_conformance = conformance("gitlab")
