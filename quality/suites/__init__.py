"""The expectation suites by layer: raw, canonical, marts, metrics.

Importing this is light: suites are lists of names, rules and SQL. Great Expectations is loaded only by
`quality.validation`, when a suite runs. A suite is derived from the connectors that are declared and from the
relations that the warehouse holds, so that a new connector or mart needs no change here.
"""

from collections.abc import Sequence
from typing import get_args

from quality.suites import canonical, marts, metrics, raw
from quality.suites.check import Catalogue, Check, Layer, NothingToCheckError, Severity, Source

LAYERS: tuple[Layer, ...] = get_args(Layer)

__all__ = [
    "LAYERS",
    "Catalogue",
    "Check",
    "Layer",
    "NothingToCheckError",
    "Severity",
    "Source",
    "suite",
]


def suite(layer: Layer, sources: Sequence[Source]) -> tuple[Check, ...]:
    """Checks of `layer` in a stable order, for the connectors that are in use."""
    suites = {
        "raw": raw.checks,
        "canonical": canonical.checks,
        "marts": marts.checks,
        "metrics": metrics.checks,
    }
    return suites[layer](sources)
