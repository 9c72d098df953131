"""Simulated companies served beside each other, and the one flowgauge.yaml that reads them all.

One warehouse with a connection for each company costs one build, where a warehouse each would cost as many
builds as there are companies.
"""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from support.environment_looks import write_looks

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


class Served(NamedTuple):
    """A company as its vendors show it, and what really happened in it."""

    connections: tuple[str, ...]
    truth: Path
    shown_until: str


@contextlib.contextmanager
def served(
    companies: Sequence[Company], folder: Path, *, size: Size, weeks: int, settings: Path
) -> Iterator[dict[str, Served]]:
    """Simulate and serve while the block runs; `settings` becomes the file that reads all of them.

    Companies that have files tell in them of looks at their environments, too.
    """
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
            names = tuple(connection["name"] for connection in content["connections"])
            each = Served(names, sandbox.folder / "truth.duckdb", isoformat(sandbox.clock.now))
            _tell_of_environments(each, content["connections"])
            _merge(merged, content)
            found[company.name] = each
        settings.write_text(yaml.safe_dump(merged, sort_keys=False), encoding="utf-8")
        yield found


def _tell_of_environments(company: Served, connections: Sequence[dict[str, Any]]) -> None:
    by_connector = {connection["connector"]: connection for connection in connections}
    if files := by_connector.get("files"):
        repositories = by_connector["github"]["repositories"]
        folder = Path(files["folder"])
        files["files"] += write_looks(company.truth, folder, repositories, company.shown_until)


def _merge(merged: dict[str, Any], content: dict[str, Any]) -> None:
    """Add a company's lists to those of the others; what they all say alike stays."""
    for key, value in content.items():
        if isinstance(value, list):
            merged.setdefault(key, []).extend(value)
        else:
            merged[key] = value
