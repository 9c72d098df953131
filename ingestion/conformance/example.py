"""What a connector's author gives the suite: a small vendor in two states, and a connection that reads it."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ingestion.conformance.surface import Surface
from ingestion.connector import Connector

State = Literal["first", "later", "pruned"]
"""First as it is; later with at least one row changed and one new; then with at least one row gone."""

STATES: tuple[State, ...] = ("first", "later", "pruned")

TREE = Path(__file__).parents[2]
"""The checkout: examples live with the tests, which are not installed."""

PAGE_PARAMETERS = (
    r"page|page_?token|next_?page_?token|next_?page|next|cursor|after|before|offset|start|start_?at|"
    r"starting_after|id_after"
)
SIZE_PARAMETERS = r"per_?page|page_?size|size|limit|max_?results|first"
NO_PROSE: frozenset[str] = frozenset()


class ExampleError(Exception):
    """There is no example, or it cannot show what a rule is about."""


@dataclass(frozen=True)
class Example:
    """A handful of rows behind a vendor-shaped API (or in a folder), in three states.

    Lists that the vendor pages have three rows or more, in the vendor's order. All that can go wrong with
    them is brought about by the suite. What changes, changes within minutes, as it would during a walk.

    Attributes:
        connector: what is examined.
        connection: its settings as in flowgauge.yaml, without name, connector and base_url; secrets in plain
            text. `{folder}` stands for the folder that `prepare` fills.
        rows: raw table → rows that a first complete load gives; tables that are not named may hold any.
        surface: the API in a state; None for connectors that use no HTTP.
        prepare: fills the folder with what the connector reads beside the API, in a state.
        drift: raw table → field of the vendor's item (dotted, within an object of a list) whose wrong type
            must send the row to rejected_rows. No key, and nothing that names a page or another item.
        prose: names of further fields that hold prose; titles, bodies, comments and the like are known.
        base_path: what base_url has after the port.
        clock: instants of the walks over the three states.
        page_parameters: pattern of the parameters that ask for a page, in queries and JSON bodies alike.
        size_parameters: pattern of those that ask for so many rows.
    """

    connector: Connector
    connection: Mapping[str, Any]
    rows: Mapping[str, int]
    surface: Callable[[State], Surface] | None = None
    prepare: Callable[[State, Path], None] | None = None
    drift: Mapping[str, str] = field(default_factory=dict)
    prose: frozenset[str] = NO_PROSE
    base_path: str = ""
    clock: tuple[datetime, datetime, datetime] = (
        datetime(2026, 2, 1, 6, tzinfo=UTC),
        datetime(2026, 2, 2, 6, tzinfo=UTC),
        datetime(2026, 2, 3, 6, tzinfo=UTC),
    )
    page_parameters: str = PAGE_PARAMETERS
    size_parameters: str = SIZE_PARAMETERS

    def at(self, state: State) -> datetime:
        """When the walk over a state starts."""
        return self.clock[STATES.index(state)]

    def asks_for_page(self, name: str) -> bool:
        """Whether a parameter only says which page of a list is meant, or how long it is to be."""
        return re.fullmatch(f"{self.page_parameters}|{self.size_parameters}", name, re.IGNORECASE) is not None

    def asks_for_size(self, name: str) -> bool:
        """Whether a parameter says how many rows a page shall have."""
        return re.fullmatch(self.size_parameters, name, re.IGNORECASE) is not None


def load_example(name: str, tree: Path = TREE) -> Example:
    """The `EXAMPLE` of `tests/ingestion/connectors/<name>/example.py`.

    Raises:
        ExampleError: there is none.
    """
    path = tree / "tests" / "ingestion" / "connectors" / name / "example.py"
    specification = importlib.util.spec_from_file_location(f"example_of_{name}", path)
    if not path.exists() or specification is None or specification.loader is None:
        raise ExampleError(f"{path.relative_to(tree)} is missing: it shows the suite a small {name}")
    if str(tree / "tests") not in sys.path:
        sys.path.append(str(tree / "tests"))
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    example: Example = module.EXAMPLE
    return example
