"""Simulated companies of every scenario, loaded by the real connectors into one warehouse, built once.

All companies are connections of one installation; whoever compares marts or metrics with the truth of what
was simulated reads the same home. They sell to the same customers: in a warehouse a customer is the same one
whichever connection tells of it, and what is rolled out to everybody reaches all that are known.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from support.command import flowgauge
from support.companies import Company, Served, served
from support.environment_looks import write_looks
from support.shared import made_once

from sandbox.scenario import Size, scenario_names
from sandbox.vendor import STACKS, TOKEN, TOKEN_VARIABLE

# Four teams of three: the least in which all policies of repositories occur.
SIZE, WEEKS = Size(teams=4, developers_per_team=3), 6
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
        _tell_of_environments(shown, work / "flowgauge.yaml")
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


def _tell_of_environments(shown: Mapping[str, Served], settings: Path) -> None:
    """Let each company that has files tell in them of looks at its environments, too."""
    content = yaml.safe_load(settings.read_text(encoding="utf-8"))
    connections = {connection["name"]: connection for connection in content["connections"]}
    for name, company in shown.items():
        if files := connections.get(f"{name}-files"):
            repositories = connections[f"{name}-github"]["repositories"]
            folder = Path(files["folder"])
            files["files"] += write_looks(company.truth, folder, repositories, company.shown_until)
    settings.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
