"""Simulated companies of every scenario, loaded by the real connectors into one warehouse, built once.

All companies are connections of one installation; whoever compares marts or metrics with the truth of what
was simulated reads the same home.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from support.command import flowgauge
from support.companies import Company, served
from support.shared import made_once

from sandbox.scenario import Size, scenario_names
from sandbox.vendor import STACKS, TOKEN, TOKEN_VARIABLE

# Four teams of three: the least in which all policies of repositories occur.
SIZE, WEEKS = Size(teams=4, developers_per_team=3), 6
UNRECORDED = "unrecorded"
# One company is read whole: a customer has one name for all connections of a warehouse, as in one company.
WHOLE, PAGED = "balanced", "incident-heavy"
# Copilot names repositories by GitHub's ids, which are unique at GitHub and the same in all these companies.
STACK = tuple(vendor for vendor in STACKS["github"] if vendor != "copilot")
VENDORS = {WHOLE: STACK, PAGED: ("github", "pagerduty")}
COMPANIES = (
    *(
        Company(name, scenario, seed, VENDORS.get(name, ("github",)))
        for seed, scenario in enumerate(scenario_names(), 1)
        for name in [scenario.replace("_", "-")]
    ),
    Company(UNRECORDED, "balanced", 99, options={"github": {"without": ["activity"]}}),
)
ALL = tuple(company.name for company in COMPANIES)
# What a push begins or ends is as exact as the push is known: compared only where all are recorded.
EXACT = tuple(company.name for company in COMPANIES if not company.options)


class Shown(NamedTuple):
    """A company as its vendors showed it, and what really happened in it."""

    connections: tuple[str, ...]
    truth: Path
    shown_until: str


class Simulated(NamedTuple):
    """The warehouse and the companies in it, by name."""

    warehouse: Path
    companies: Mapping[str, Shown]


def simulated(factory: pytest.TempPathFactory) -> Simulated:
    """Return the home of all companies; read it, never write to it."""
    folder = made_once(factory, "simulated", _make)
    shown = json.loads((folder / "shown.json").read_text(encoding="utf-8"))
    return Simulated(
        folder / "work" / ".flowgauge" / "warehouse.duckdb",
        {
            name: Shown(tuple(each["connections"]), Path(each["truth"]), each["shown_until"])
            for name, each in shown.items()
        },
    )


def _make(folder: Path) -> None:
    """Simulate and serve the companies, and run the whole pipeline over them."""
    work = folder / "work"
    work.mkdir()
    with served(
        COMPANIES, folder / "sandbox", size=SIZE, weeks=WEEKS, settings=work / "flowgauge.yaml"
    ) as shown:
        as_of = next(iter(shown.values())).shown_until
        ended = flowgauge("run", "--as-of", as_of, cwd=work, environment={TOKEN_VARIABLE: TOKEN}, seconds=900)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        told = {
            name: {
                "connections": each.connections,
                "truth": str(each.truth),
                "shown_until": each.shown_until,
            }
            for name, each in shown.items()
        }
    (folder / "shown.json").write_text(json.dumps(told), encoding="utf-8")
