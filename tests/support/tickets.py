"""A connector that keeps every rule, its example, and the places at which a test can make it a bad one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from ingestion.conformance import Example, Listing, State, Surface, rest
from ingestion.connector import Column, Connector, Extraction, Finding, Page, Table
from ingestion.http import Budget, HttpClient, RateLimitPolicy, bearer
from ingestion.settings import ConnectionSettings

Payload = dict[str, Any]


class TicketSettings(ConnectionSettings):
    """One ticket system."""

    token: SecretStr
    projects: tuple[str, ...]


TICKETS = Table(
    name="tickets",
    description="One row per ticket.",
    key=("id",),
    columns=(
        Column("id", "text", "The vendor's id."),
        Column("project", "text", "Project."),
        Column("status", "text", "Status."),
        Column("estimate", "bigint", "Estimate, hours."),
        Column("reporter_email_hash", "text", "Keyed hash of the reporter's address."),
        Column("closed_by", "text", "Who closed it; null in all that is open."),
        Column("updated_at", "timestamp", "Last change."),
    ),
    updated="updated_at",
)
LABELS = Table(
    name="ticket_labels",
    description="One row per label of a ticket.",
    key=("ticket_id", "label"),
    columns=(Column("ticket_id", "text", "Ticket."), Column("label", "text", "Label.")),
    complete_within=("ticket_id",),
)
VISITS = Table(
    name="visits",
    description="One row per visit; the vendor forgets them.",
    key=("id",),
    columns=(Column("id", "text", "The vendor's id."), Column("seconds", "double", "Length.")),
    outlives_source=True,
)
OVERLAP = timedelta(hours=1)
LIMITS = RateLimitPolicy(budgets=(Budget("RateLimit-Remaining", "RateLimit-Reset", "delta_seconds"),))


def client(settings: TicketSettings) -> HttpClient:
    """The vendor's way of asking."""
    return HttpClient(settings.base_url, bearer(settings.token), rate_limits=LIMITS)


class Walk:
    """The walk; each method is one thing that it could get wrong."""

    def __call__(self, extraction: Extraction) -> Iterator[Page]:
        for project in extraction.settings.projects:
            yield from self.tickets(extraction, project)
        yield from self.visits(extraction)

    def tickets(self, extraction: Extraction, project: str) -> Iterator[Page]:
        cursors: dict[str, str] = extraction.state.setdefault("updated_since", {})
        params = self.parameters(extraction, project, cursors.get(project))
        for page in self.pages(extraction, "/tickets", params, "tickets"):
            self.count(extraction, project, params, page.response.json()["total"])
            yield Page("tickets", [self.ticket(extraction, each, project) for each in page])
            yield Page("ticket_labels", self.labels(page), parents=[(each["id"],) for each in page])
            self.move(cursors, project, page)

    def visits(self, extraction: Extraction) -> Iterator[Page]:
        for page in self.pages(extraction, "/visits", {"per_page": "100"}, "visits"):
            yield Page("visits", [{"id": each["id"], "seconds": each["seconds"]} for each in page])

    def pages(self, extraction: Extraction, path: str, params: Payload, at: str) -> Iterator[Any]:
        yield from extraction.http.pages(path, params, select=at)

    def parameters(self, extraction: Extraction, project: str, cursor: str | None) -> Payload:
        given = {"project": project, "per_page": "100"}
        if cursor is None:
            return given
        resumed = datetime.fromisoformat(cursor) - OVERLAP
        since = min(resumed, extraction.since) if extraction.since else resumed
        return {**given, "updated_since": since.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def ticket(self, extraction: Extraction, payload: Payload, project: str) -> Payload:
        names = ("id", "status", "estimate", "closed_by", "updated_at")
        row = {name: payload.get(name) for name in names}
        return {**row, "project": project, "reporter_email_hash": extraction.hash_email(payload.get("email"))}

    def count(self, extraction: Extraction, project: str, params: Payload, total: int) -> None:
        """The total of what was asked for is the project's only where nothing was left out."""
        if "updated_since" not in params:
            extraction.expect_count("tickets", project, total)

    def labels(self, page: list[Payload]) -> list[Payload]:
        return [{"ticket_id": each["id"], "label": label} for each in page for label in each["labels"]]

    def move(self, cursors: dict[str, str], project: str, page: list[Payload]) -> None:
        seen = [each["updated_at"] for each in page if isinstance(each["updated_at"], str)]
        if seen:
            cursors[project] = max([cursors.get(project, ""), *seen])


def check(extraction: Extraction) -> Iterator[Finding]:
    extraction.http.get_json("/me")
    yield Finding("ok", "the token is accepted")


def tickets_connector(walk: Walk | None = None, **changes: Any) -> Connector:
    """The connector, with another walk or declaration."""
    declared: dict[str, Any] = {
        "name": "tickets",
        "title": "Tickets",
        "settings": TicketSettings,
        "tables": (TICKETS, LABELS, VISITS),
        "provides": {},
        "client": client,
        "extract": walk or Walk(),
        "check": check,
        "paging": ("Link header",),
        "cursor": "updated_at of the tickets of a project",
    }
    return Connector(**{**declared, **changes})


def ticket(number: int, day: int, *labels: str, **changes: Any) -> Payload:
    """A ticket as the vendor tells it."""
    return {
        "id": f"t{number}",
        "project": "shop" if number % 2 else "web",
        "title": f"Ticket {number} is broken",
        "status": "open",
        "estimate": number,
        "email": f"reporter{number}@customer.example",
        "closed_by": None,
        "updated_at": f"2026-01-{day:02}T00:{number:02}:00Z",
        "labels": labels,
        **changes,
    }


def changed(number: int, *labels: str, **changes: Any) -> Payload:
    """A ticket that was changed after the first walk, within the minutes that one takes."""
    return ticket(number, 1, *labels, updated_at=f"2026-02-01T06:{number:02}:00Z", **changes)


FIRST = [
    ticket(1, 1, "slow"),
    ticket(2, 2),
    ticket(3, 3, "urgent", "slow"),
    ticket(4, 4, "slow"),
    ticket(5, 5),
    ticket(7, 6, "urgent"),
    ticket(9, 7),
]
LATER = [
    *FIRST[:2],
    changed(3, "urgent", status="closed", estimate=8),
    *FIRST[3:],
    changed(11, "slow"),
]
PRUNED = [each for each in LATER if each["id"] != "t4"]
VISITED = [{"id": f"v{number}", "visitor": "ann", "seconds": 1.5 * number} for number in range(1, 6)]


def surface(state: State) -> Surface:
    """The vendor."""
    tickets = {"first": FIRST, "later": LATER, "pruned": PRUNED}[state]
    visits = VISITED[2:] if state == "pruned" else VISITED
    filters = {"equal": {"project": "project"}, "since": {"updated_since": "updated_at"}}
    return rest(
        {
            "/tickets": Listing(tickets, "tickets", total="total", **filters),
            "/visits": Listing(visits, "visits"),
            "/me": {"name": "ann"},
        },
        token="the-token-of-tickets",
    )


def tickets_example(connector: Connector | None = None) -> Example:
    """The example, of this connector."""
    connection: Mapping[str, Any] = {"token": "the-token-of-tickets", "projects": ["shop", "web"]}
    return Example(
        connector=connector or tickets_connector(),
        connection=connection,
        rows={"tickets": 7, "ticket_labels": 5, "visits": 5},
        surface=surface,
        drift={"tickets": "estimate", "visits": "seconds"},
    )
