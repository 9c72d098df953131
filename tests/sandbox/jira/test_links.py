"""Tickets and changes of the simulated organisation, read by their connectors and linked across them."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from support.raw_tables import provided_by_each, raw_warehouse

from ingestion.connector import connectors
from ingestion.pipeline import load_connection
from sandbox.serve import Sandbox
from sandbox.simulation import Simulation
from sandbox.vendor import TOKEN, TOKEN_REFERENCE, vendors
from transform.runner import DbtProject

STACK = ("github", "jira")


@pytest.fixture(scope="module")
def linked(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """Change number and repository, ticket and method of each link."""
    folder = tmp_path_factory.mktemp("links")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOWGAUGE_TEST_TOKEN", "t")
        warehouse = raw_warehouse(folder)
    sandbox = Sandbox(simulation, folder / "sandbox", vendor_names=STACK)
    sandbox.start()
    try:
        for name in STACK:
            entry = vendors()[name].connection(simulation.organisation, sandbox.urls[name], sandbox.clock.now)
            plain = {key: TOKEN if value == TOKEN_REFERENCE else value for key, value in entry.items()}
            without = {"clone": False, "without": ["actions", "deployments", "releases", "activity"]}
            settings = connectors()[name].settings(**plain, **(without if name == "github" else {}))
            with duckdb.connect(str(warehouse)) as connection:
                connection.execute(f"drop schema raw_{name} cascade")
            load_connection(
                settings, warehouse=warehouse, pipelines_dir=folder / "dlt", workspace=folder / "clones"
            )
    finally:
        sandbox.stop()
    project = DbtProject(warehouse, folder / "target", provided_by_each())
    project.invoke(["build", "--exclude-resource-type", "test", "--select", "+int_tracker__change_links"])
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(
            "select repositories.name, changes.number, links.work_item, links.method "
            "from intermediate.int_tracker__change_links as links "
            "join canonical.changes as changes "
            "on links.connection = changes.connection and change = changes.source_id "
            "join canonical.repositories as repositories on repository = repositories.source_id"
        ).fetchall()


def test_links_are_those_that_keys_and_links_by_hand_can_reveal(
    linked: list[tuple[Any, ...]], simulation: Simulation
) -> None:
    end = simulation.shown_end
    made = {
        (change.repository.name_at(end), change.number, str(ticket.id)): (ticket, change)
        for ticket in simulation.history.tickets
        for change in ticket.changes
        if change.number and change.created_at <= end - 600
    }
    found = {link[:3]: link[3] for link in linked}
    revealed = {
        key for key, (ticket, change) in made.items() if ticket.key in change.title or change.id % 2 == 0
    }
    hidden = made.keys() - revealed
    assert len(revealed) > len(hidden) > 0
    assert revealed <= found.keys()
    assert not hidden & found.keys()
    opened_just_now = {link[:2] for link in linked if link[:3] not in made}
    assert len(opened_just_now) < 5


def test_the_best_evidence_names_the_method(linked: list[tuple[Any, ...]]) -> None:
    methods = [link[3] for link in linked]
    assert {method for method in methods if method in {"api", "branch"}} == {"api", "branch"}
    assert methods.count("branch") > methods.count("api") > 0
