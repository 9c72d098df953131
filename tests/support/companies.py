"""Simulated companies served beside each other, and the one flowgauge.yaml that reads them all.

One warehouse with a connection for each company costs one build, where a warehouse each would cost as many
builds as there are companies.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from sandbox.calendar import isoformat
from sandbox.scenario import Size, load_scenario
from sandbox.serve import Sandbox
from sandbox.settings import settings_of
from sandbox.simulation import simulate


@dataclass(frozen=True)
class Company:
    """A company to simulate; its name is the part before the hyphen of its connections' names.

    Attributes:
        options: further settings of its connections, by connector.
    """

    name: str
    scenario: str
    seed: int
    options: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Served:
    """A company that is being served."""

    company: Company
    connections: tuple[str, ...]
    truth: Path
    shown_until: str


@contextlib.contextmanager
def served(
    companies: Sequence[Company], folder: Path, *, size: Size, weeks: int, settings: Path
) -> Iterator[dict[str, Served]]:
    """Simulate and serve while the block runs; `settings` becomes the file that reads all of them."""
    with contextlib.ExitStack() as stack:
        found: dict[str, Served] = {}
        merged: dict[str, Any] = {}
        for company in companies:
            simulation = simulate(
                load_scenario(company.scenario), size, seed=company.seed, weeks=weeks, company=company.name
            )
            sandbox = Sandbox(simulation, folder / company.name)
            sandbox.start()
            stack.callback(sandbox.stop)
            truth = folder / company.name / "truth.duckdb"
            truth.parent.mkdir(parents=True, exist_ok=True)
            simulation.truth.write(truth)
            content = yaml.safe_load(
                settings_of(simulation.organisation, sandbox.vendors, sandbox.urls, sandbox.clock.now)
            )
            for connection in content["connections"]:
                connection.update(company.options.get(connection["connector"], {}))
            _merge(merged, content)
            names = tuple(connection["name"] for connection in content["connections"])
            found[company.name] = Served(company, names, truth, isoformat(sandbox.clock.now))
        settings.write_text(yaml.safe_dump(merged, sort_keys=False), encoding="utf-8")
        yield found


def _merge(merged: dict[str, Any], content: dict[str, Any]) -> None:
    """Add a company's lists to those of the others; what they all say alike stays."""
    for key, value in content.items():
        if isinstance(value, list):
            merged.setdefault(key, []).extend(value)
        else:
            merged[key] = value
