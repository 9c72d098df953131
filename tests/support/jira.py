"""A small Jira: the sandbox's own surface over a few tickets made by hand, which tests move and delete."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

from sandbox.calendar import instant
from sandbox.clock import Clock
from sandbox.gitobjects import Signature
from sandbox.history import Account, Change, FieldChange, History, Repository, Ticket, TicketKind
from sandbox.http import Request, Response, Server
from sandbox.jira import Jira
from sandbox.organisation import Organisation

TOKEN = "token-of-jira"
START = datetime(2026, 1, 5, tzinfo=UTC)
NOW = datetime(2026, 2, 1, 6, tzinfo=UTC)


def at(day: int, hour: int = 9, minute: int = 0, *, month: int = 1) -> int:
    """An instant of 2026, in seconds since 1970."""
    return instant(datetime(2026, month, day, hour, minute, tzinfo=UTC))


class SmallJira:
    """Two projects, CHEC with sprints and PAY without, and what is asked of them.

    Attributes:
        requests: as they came.
        url: where it is served, if it is.
        tickets: to be changed by tests; so is `jira.faults`.
    """

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.history = History()
        self.ada = self._account(1, "ada", "ada@acme.example")
        self.bob = self._account(2, "bob", "2+bob@users.noreply.github.com")
        teams = [SimpleNamespace(name="checkout"), SimpleNamespace(name="pay")]
        organisation = SimpleNamespace(history=self.history, start=instant(START), teams=teams)
        self.clock = Clock(instant(NOW), at(31, month=12))
        # Time passes with each request, so that what a test changes is seen by the next one.
        self.clock.seconds_per_request = 1
        self._tell()
        self.jira = Jira(cast("Organisation", organisation), self.clock, TOKEN, 1_000_000)
        self.url = ""

    @property
    def tickets(self) -> list[Ticket]:
        return self.history.tickets

    def ticket(self, key: str) -> Ticket:
        """The ticket of that key."""
        (found,) = [ticket for ticket in self.tickets if ticket.key == key]
        return found

    def add(
        self, number: int, key: str, kind: TicketKind, created_at: int, due_at: int | None = None
    ) -> Ticket:
        """A new ticket that Ada reported."""
        team = "checkout" if key.startswith("CHEC") else "pay"
        ticket = Ticket(number, key, team, kind, created_at, self.ada, None, due_at)
        self.tickets.append(ticket)
        return ticket

    def move(self, ticket: Ticket, status: str, moved_at: int) -> None:
        """Bob moves a ticket to a status; starting, he takes it."""
        before = next((each.after for each in reversed(ticket.fields) if each.field == "status"), "Idea")
        if status == "In Progress":
            ticket.fields.append(FieldChange(moved_at, "assignee", "", "bob", self.bob))
        ticket.fields.append(FieldChange(moved_at, "status", before, status, self.bob))

    def bodies(self, path: str = "/search/jql") -> list[dict[str, Any]]:
        """JSON bodies of the requests to a path."""
        return [request.json() for request in self.requests if request.path.endswith(path)]

    def connection(self, **changes: Any) -> dict[str, Any]:
        """Settings that read it."""
        plain = {"name": "acme-jira", "connector": "jira", "base_url": self.url, "token": TOKEN}
        return {**plain, "email": "flowgauge@acme.example", "projects": ["CHEC", "PAY"], **changes}

    def fail(self, kind: str, match: str = "", **more: Any) -> None:
        """Switch on one fault."""
        self.jira.faults.replace([{"kind": kind, "match": match, **more}])

    @contextmanager
    def running(self) -> Iterator[SmallJira]:
        """Serve it while the block runs."""
        server = Server(self.surface)
        self.url = server.url
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _account(self, number: int, login: str, address: str) -> Account:
        account = Account(number, login, "human", Signature(login.title(), address))
        self.history.accounts.append(account)
        return account

    def _tell(self) -> None:
        done = self.add(101, "CHEC-1", "feature", at(6), due_at=at(31))
        for status, day in (("Ready", 7), ("In Progress", 8), ("Done", 12)):
            self.move(done, status, at(day))
        self.move(self.add(102, "CHEC-2", "bug", at(7)), "Rejected", at(9))
        self.add(103, "PAY-1", "task", at(8))
        for number in range(3, 8):
            self.add(101 + number, f"CHEC-{number}", "task", at(10 + number))
        repository = Repository(1, [(0, "acme/checkout")], 0)
        linked = Change(
            8, 17, repository, self.bob, at(9), "Mend the cart", "", head_branch="x", is_draft_at_open=False,
            base_sha="", ticket=done,
        )  # fmt: skip
        done.changes.append(linked)

    def surface(self, request: Request) -> Response:
        """Answer a request, and remember it."""
        self.requests.append(request)
        return self.jira.surface(request)


def answer(jira: SmallJira, path: str, body: Mapping[str, Any]) -> tuple[int, Any]:
    """Status and content of a POST with a good token, without a socket."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    response = jira.jira.surface(Request("POST", path, {}, headers, json.dumps(body).encode()))
    return response.status, json.loads(response.body)
