"""The GitHub connector keeps every rule of the conformance suite."""

from __future__ import annotations

from support.conformance import conformance

test_conformance = conformance("github")
