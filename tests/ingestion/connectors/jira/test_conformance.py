"""The rules that hold for every connector, over the small Jira of `example.py`."""

from support.conformance import conformance

test_conformance = conformance("jira")
