"""The conformance suite: what every connector has to do right, shown on a small example of its vendor."""

from __future__ import annotations

from ingestion.conformance.example import Example, ExampleError, State, load_example
from ingestion.conformance.suite import RULES, Verdict, examine, judge
from ingestion.conformance.surface import Listing, Request, Response, Surface, rest

__all__ = [
    "RULES",
    "Example",
    "ExampleError",
    "Listing",
    "Request",
    "Response",
    "State",
    "Surface",
    "Verdict",
    "examine",
    "judge",
    "load_example",
    "rest",
]
