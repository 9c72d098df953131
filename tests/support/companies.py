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
from sandbox.simulation import Simulation, simulate

FOLDERS = {"folder", "export_folder"}
"""Settings of connections that name a folder, which each company has of its own."""


@dataclass(frozen=True)
class Company:
    """A company to simulate; its name is the part before the hyphen of its connections' names.

    Attributes:
        vendors: whose surfaces show it.
        options: further settings of its connections, by connector.
        size: if it is not as large as the others.
    """

    name: str
    scenario: str
    seed: int
    vendors: Sequence[str] = ("github",)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    size: Size | None = None

    def simulated(self, size: Size, weeks: int) -> Simulation:
        """What happens in it, the same whenever it is asked for."""
        scenario = load_scenario(self.scenario)
        return simulate(scenario, self.size or size, seed=self.seed, weeks=weeks, company=self.name)


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
            sandbox = Sandbox(
                company.simulated(size, weeks), folder / company.name, vendor_names=company.vendors
            )
            sandbox.write_files()
            sandbox.start()
            stack.callback(sandbox.stop)
            content = yaml.safe_load((sandbox.folder / "flowgauge.yaml").read_text(encoding="utf-8"))
            for connection in content["connections"]:
                connection.update(company.options.get(connection["connector"], {}))
                for key in FOLDERS & connection.keys():
                    connection[key] = str(sandbox.folder / connection[key])
            _merge(merged, content)
            names = tuple(connection["name"] for connection in content["connections"])
            found[company.name] = Served(
                company, names, sandbox.folder / "truth.duckdb", isoformat(sandbox.clock.now)
            )
        settings.write_text(yaml.safe_dump(merged, sort_keys=False), encoding="utf-8")
        yield found


def _merge(merged: dict[str, Any], content: dict[str, Any]) -> None:
    """Add a company's lists to those of the others; what they all say alike stays."""
    for key, value in content.items():
        if isinstance(value, list):
            merged.setdefault(key, []).extend(value)
        else:
            merged[key] = value
