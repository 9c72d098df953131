"""Copilot's surface: as GitHub's description says, and as the sessions and changes on record say."""

import json
import urllib.request
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from support.npm import OPENAPI, file_of
from support.openapi import problems, read_description

from sandbox.calendar import instant, moment
from sandbox.simulation import Simulation

REPORTS = "/orgs/acme/copilot/metrics/reports"
DAY = timedelta(days=1)


class Surface:
    """The Copilot of a served sandbox."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.url = client.sandbox.urls["copilot"]

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(path if path.startswith("http") else self.url + path, **headers)

    def newest(self) -> date:
        latest = self.get(f"{REPORTS}/users-28-day/latest").json()
        return date.fromisoformat(latest["report_end_day"])

    def rows(self, day: date) -> list[dict[str, Any]]:
        report = self.get(f"{REPORTS}/users-1-day?day={day}")
        if report.status == 204:
            return []
        (link,) = report.json()["download_links"]
        return [json.loads(line) for line in _download(link).splitlines()]


def _download(link: str) -> bytes:
    with urllib.request.urlopen(link, timeout=20) as answer:
        content: bytes = answer.read()
    return content


@pytest.fixture(scope="module")
def surface(standing: Any) -> Surface:
    return Surface(standing)


@pytest.fixture(scope="module")
def description(request: pytest.FixtureRequest) -> Any:
    return read_description(file_of(OPENAPI, "generated/api.github.com.json", request.config))


@pytest.mark.parametrize(
    ("path", "described"),
    [
        (f"{REPORTS}/users-28-day/latest", "/orgs/{org}/copilot/metrics/reports/users-28-day/latest"),
        ("/orgs/acme/copilot/billing/seats", "/orgs/{org}/copilot/billing/seats"),
        ("/agents/repos/acme/checkout/tasks", "/agents/repos/{owner}/{repo}/tasks"),
    ],
)
def test_an_answer_is_as_the_published_description_says(
    surface: Surface, description: Any, path: str, described: str
) -> None:
    assert list(problems(description, described, surface.get(path).json())) == []


def test_a_day_and_a_task_are_as_described(surface: Surface, description: Any) -> None:
    report = surface.get(f"{REPORTS}/users-1-day?day={surface.newest()}").json()
    assert list(problems(description, "/orgs/{org}/copilot/metrics/reports/users-1-day", report)) == []
    listed = surface.get("/agents/repos/acme/checkout/tasks").json()["tasks"]
    task = surface.get(f"/agents/repos/acme/checkout/tasks/{listed[0]['id']}").json()
    assert list(problems(description, "/agents/repos/{owner}/{repo}/tasks/{task_id}", task)) == []
    assert task["sessions"][0]["prompt"]


def test_final_days_follow_from_the_sessions(surface: Surface, simulation: Simulation) -> None:
    newest = surface.newest()
    told = {
        (session.account.id, moment(session.at).date().isoformat())
        for session in simulation.history.sessions
        if session.tool == "copilot" and moment(session.at).date() <= newest - 4 * DAY
    }
    days = sorted({date.fromisoformat(day) for _, day in told})
    seen = {(row["user_id"], row["day"]) for day in days for row in surface.rows(day)}
    assert told
    assert seen == told


def test_telemetry_trickles_in_for_three_days(serve: Callable[..., Any], simulation: Simulation) -> None:
    client = serve()
    surface = Surface(client)
    end = simulation.organisation.end
    day = max(
        moment(session.at).date()
        for session in simulation.history.sessions
        if session.tool == "copilot" and session.at < client.sandbox.clock.now
    )
    start = instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
    counts = []
    for after in (1, 2, 3, 4, 5):
        moment_of_reading = start + after * 86_400
        if client.sandbox.clock.now < moment_of_reading <= end:
            client.sandbox.clock.move_to(moment_of_reading)
        counts.append(sum(row["user_initiated_interaction_count"] for row in surface.rows(day)))
    assert counts == sorted(counts)
    assert counts[-1] == counts[-2] > 0


def test_reports_lie_on_another_host_which_wants_no_token(surface: Surface) -> None:
    (link, *_) = surface.get(f"{REPORTS}/users-28-day/latest").json()["download_links"]
    assert urlsplit(link).hostname != urlsplit(surface.url).hostname
    assert _download(link)
    assert surface.get(link).status == 403
    assert surface.get(link.split("?")[0]).status == 403


def test_a_day_without_use_has_no_report(surface: Surface) -> None:
    answer = surface.get(f"{REPORTS}/users-1-day?day={surface.newest() + DAY}")
    assert (answer.status, answer.body) == (204, b"")


def test_everybody_who_used_it_holds_a_seat_on_one_page_of_them(
    surface: Surface, simulation: Simulation
) -> None:
    users = {
        session.account.id
        for session in simulation.history.sessions
        if session.tool == "copilot" and session.at <= simulation.shown_end
    }
    pages = list(surface.client.pages(f"{surface.url}/orgs/acme/copilot/billing/seats?per_page=1"))
    assert len(pages) > 1
    assert {seat["assignee"]["id"] for page in pages for seat in page["seats"]} == users
    assert {page["total_seats"] for page in pages} == {len(users)}


def test_agent_tasks_are_the_changes_that_the_agent_authored(
    surface: Surface, simulation: Simulation
) -> None:
    (page,) = surface.client.pages(f"{surface.url}/agents/repos/acme/checkout/tasks?per_page=100")
    pulls = {
        artifact["data"]["id"]: task
        for task in page["tasks"]
        for artifact in task["artifacts"]
        if artifact["type"] == "pull"
    }
    told = {
        change.id: change
        for change in simulation.history.repositories[0].changes
        if change.author.kind == "ai_agent" and change.created_at <= simulation.shown_end and change.number
    }
    assert told
    assert pulls.keys() == told.keys()
    for number, task in pulls.items():
        given_at = datetime.fromisoformat(task["created_at"]).timestamp()
        assert given_at < told[number].heads[0].commits[0].authored_at


def test_tasks_since_an_instant_are_those_that_changed(surface: Surface) -> None:
    tasks = surface.get("/agents/repos/acme/checkout/tasks?sort=updated_at&direction=asc").json()["tasks"]
    since = tasks[-2]["updated_at"]
    later = surface.get(f"/agents/repos/acme/checkout/tasks?since={since}").json()["tasks"]
    assert {task["id"] for task in later} == {task["id"] for task in tasks if task["updated_at"] >= since}


def test_without_a_token_there_is_nothing(surface: Surface) -> None:
    assert surface.client.get(f"{surface.url}/orgs/acme/copilot/billing/seats", token="wrong").status == 401
    assert surface.get("/orgs/other/copilot/billing/seats").status == 404
