"""A repository without a forge in three states: later it has another commit and tag, then one tag less."""

from __future__ import annotations

from pathlib import Path

from support.trunk import GRACE, worked_on

from ingestion.conformance import Example, State
from ingestion.connectors.git import CONNECTOR


def prepare(state: State, folder: Path) -> None:
    """Make the repository of a state; its commits have the same names each time."""
    trunk = worked_on(folder / "checkout.git")
    if state != "first":
        trunk.git("tag", "v1.1.0", trunk.commit("Secretly more", GRACE))
    if state == "pruned":
        trunk.git("tag", "-d", "v1.0.0")


EXAMPLE = Example(
    connector=CONNECTOR,
    connection={"repositories": [{"name": "acme/checkout", "url": "file://{folder}/checkout.git"}]},
    rows={"repositories": 1, "commits": 3, "commit_parents": 2, "tags": 2, "accounts": 3},
    prepare=prepare,
)
