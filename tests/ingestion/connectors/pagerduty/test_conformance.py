"""The rules that every connector keeps."""

from support.conformance import conformance

test_conformance = conformance("pagerduty")
