"""An independent client reads the surface and sees the same tickets as the history holds."""

from typing import Any

import pytest

from sandbox.history import Ticket
from sandbox.jira.payloads import PROFILE_ZONE
from sandbox.serve import Sandbox
from sandbox.simulation import Simulation
from sandbox.vendor import TOKEN

jira = pytest.importorskip("jira")


@pytest.fixture(scope="module")
def client(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Any:
    sandbox = Sandbox(simulation, tmp_path_factory.mktemp("jira"), vendor_names=("jira",))
    sandbox.start()
    yield jira.JIRA(
        server=sandbox.url,
        options={"rest_api_version": "3"},
        basic_auth=("a@acme.example", TOKEN),
        max_retries=0,
    )
    sandbox.stop()


@pytest.fixture(scope="module")
def tickets(simulation: Simulation) -> dict[str, Ticket]:
    """Tickets of the checkout team that exist by now, by key."""
    return {
        ticket.key: ticket
        for ticket in simulation.history.tickets
        if ticket.team == "checkout" and ticket.created_at <= simulation.shown_end
    }


def seconds(text: str) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(text).timestamp())


def test_it_sees_projects_people_and_vocabulary(client: Any, simulation: Simulation) -> None:
    teams = {ticket.team for ticket in simulation.history.tickets}
    assert {project.name.lower() for project in client.projects()} == teams
    assert client.myself()["timeZone"] == str(PROFILE_ZONE)
    categories = {status.name: status.statusCategory.key for status in client.statuses()}
    assert categories["Rejected"] == "done"
    assert {each.name for each in client.issue_types()} == {"Story", "Bug", "Task"}


def test_it_sees_all_tickets_as_they_stand(
    client: Any, tickets: dict[str, Ticket], simulation: Simulation
) -> None:
    found = client.enhanced_search_issues("project = CHEC ORDER BY created ASC", maxResults=0)
    assert [issue.key for issue in found] == list(tickets)
    assert client.approximate_issue_count("project = CHEC") == len(tickets)
    for issue in found:
        ticket = tickets[issue.key]
        moves = [move for move in ticket.fields if move.at <= simulation.shown_end and move.field == "status"]
        assert issue.id == str(ticket.id)
        assert issue.fields.status.name == (moves[-1].after if moves else "Idea")
        assert issue.fields.reporter.displayName == ticket.reporter.login
        assert seconds(issue.fields.created) == ticket.created_at


def test_it_sees_the_same_histories(client: Any, tickets: dict[str, Ticket], simulation: Simulation) -> None:
    for ticket in list(tickets.values())[:5]:
        histories = client.issue(ticket.key, expand="changelog").changelog.histories
        told = sorted(
            (seconds(entry.created), item.fromString, item.toString)
            for entry in histories
            for item in entry.items
            if item.field == "status"
        )
        assert told == [
            (move.at, move.before, move.after)
            for move in ticket.fields
            if move.field == "status" and move.at <= simulation.shown_end
        ]


def test_it_sees_boards_sprints_and_links(client: Any, simulation: Simulation) -> None:
    boards = {board.name: board for board in client.boards()}
    assert boards["CHEC board"].type == "scrum"
    sprints = client.sprints(boards["CHEC board"].id)
    assert [sprint.state for sprint in sprints] == [*["closed"] * (len(sprints) - 2), "active", "future"]
    with pytest.raises(jira.JIRAError, match="does not support sprints"):
        client.sprints(boards["SEAR board"].id)
    linked = next(
        (ticket, change)
        for ticket in simulation.history.tickets
        for change in ticket.changes
        if ticket.key not in change.title
        and change.id % 2 == 0
        and 0 < change.created_at < simulation.shown_end - 600
    )
    (link,) = client.remote_links(linked[0].key)
    assert link.object.url.endswith(f"/pull/{linked[1].number}")
