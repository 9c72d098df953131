"""What every connector has to do right."""

from __future__ import annotations

from support.conformance import conformance

test_conformance = conformance("git")
