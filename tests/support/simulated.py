"""Simulated companies of every scenario, loaded by the real connectors into one warehouse, built once.

All companies are connections of one installation; whoever compares marts or metrics with the truth of what
was simulated reads the same home. They sell to the same customers: in a warehouse a customer is the same one
whichever connection tells of it, and what is rolled out to everybody reaches all that are known.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from support.companies import Company, Served
from support.homes import Home

from sandbox.scenario import Size, scenario_names
from sandbox.vendor import STACKS

# Copilot names repositories by GitHub's ids, which are unique at GitHub and the same in all these companies.
STACK = tuple(vendor for vendor in STACKS["github"] if vendor != "copilot")
UNRECORDED = "unrecorded"
COMPANIES = (
    *(
        Company(scenario.replace("_", "-"), scenario, seed, STACK)
        for seed, scenario in enumerate(scenario_names(), 1)
    ),
    Company(UNRECORDED, "balanced", 99, options={"github": {"without": ["activity"]}}, size=Size(2, 3)),
)
ALL = tuple(company.name for company in COMPANIES)
EXACT = tuple(name for name in ALL if name != UNRECORDED)
"""Companies that all vendors tell of. What a push begins or ends is exact in these only."""
DISTORTED = "incident-heavy"
"""The company whose truth is told wrongly, to see that it is noticed; whatever is compared happens in it."""

HOME = Home("companies", COMPANIES, weeks=6)


class Simulated(NamedTuple):
    """The warehouse and the companies in it, by name."""

    warehouse: Path
    companies: Mapping[str, Served]


def simulated(factory: pytest.TempPathFactory) -> Simulated:
    """Return the home of all companies; read it, never write to it."""
    return Simulated(HOME.built(factory) / "warehouse.duckdb", HOME.shown(factory))
