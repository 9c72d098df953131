"""Copilot's part of GitHub's REST API: who may ask, what goes wrong on purpose, and which page answers.

Reports are fetched by signed links at another host, which refuses whoever shows it a token.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import urlencode, urlsplit

from sandbox.calendar import instant, moment
from sandbox.clock import Clock
from sandbox.copilot.reports import Reports
from sandbox.copilot.tasks import Task, tasks_of
from sandbox.faults import Fault, Faults, through
from sandbox.history import Repository
from sandbox.http import Request, Response
from sandbox.organisation import Organisation
from sandbox.vendor import Scene

DOCUMENTATION = "https://docs.github.com/rest"
MESSAGES = {
    401: "Bad credentials",
    403: "You have exceeded a secondary rate limit.",
    404: "Not Found",
    422: "Validation Failed",
    429: "You have exceeded a secondary rate limit.",
}
FAULT_KINDS = {"401", "403", "404", "429"}
LARGEST_PAGE = 100
DOWNLOADS = "/downloads/"
_TASKS = re.compile(r"/agents/repos/(?P<name>[^/]+/[^/]+)/tasks(?:/(?P<task>[^/]+))?")


class Copilot:
    """The surface; `surface` is what the server calls."""

    def __init__(self, organisation: Organisation, clock: Clock, token: str) -> None:
        self.faults = Faults(FAULT_KINDS)
        self._company = organisation.company
        self._history = organisation.history
        self._clock = clock
        self._token = token
        self._reports = Reports(self._history, clock.now)
        self._lock = Lock()
        of_company = f"/orgs/{self._company}/copilot"
        self._pages: dict[str, Callable[[Request], Response]] = {
            f"{of_company}/metrics/reports/users-28-day/latest": self._latest,
            f"{of_company}/metrics/reports/users-1-day": self._day,
            f"{of_company}/billing/seats": self._seats,
        }

    @classmethod
    def of(cls, scene: Scene) -> "Copilot":
        """Make the surface of a scene."""
        return cls(scene.organisation, scene.clock, scene.token)

    def expire_tokens(self) -> None:
        """Personal tokens are good until they are revoked."""

    def surface(self, request: Request) -> Response:
        """Answer a request."""
        fault = self.faults.striking(request)
        return through(fault, lambda: self._answer(request, fault))

    def reports(self) -> Reports:
        """Return what is known as of now."""
        with self._lock:
            self._clock.tick()
            if self._reports.now != self._clock.now:
                self._reports = Reports(self._history, self._clock.now)
            return self._reports

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        if fault and fault.kind.isdigit():
            headers = {"Retry-After": str(round(fault.seconds))} if fault.kind in {"403", "429"} else {}
            return error(int(fault.kind), headers)
        if request.path.startswith(DOWNLOADS):
            return self._download(request)
        if request.headers.get("authorization", "").partition(" ")[2] != self._token:
            return error(HTTPStatus.UNAUTHORIZED)
        try:
            return self._page(request) or error(HTTPStatus.NOT_FOUND)
        except ValueError:
            return error(HTTPStatus.UNPROCESSABLE_ENTITY)

    def _page(self, request: Request) -> Response | None:
        if page := self._pages.get(request.path):
            return page(request)
        match = _TASKS.fullmatch(request.path)
        return self._tasks(request, match["name"], match["task"]) if match else None

    # Usage.

    def _latest(self, request: Request) -> Response:
        newest = self.reports().newest_day
        if newest is None:
            return Response(HTTPStatus.NO_CONTENT)
        days = [day for day in sorted(self.reports().days) if day > newest - 28 * 86_400]
        links = [self._link(request, day) for day in days]
        start, end = (moment(day).date().isoformat() for day in (days[0], newest))
        return Response.of_json({"download_links": links, "report_start_day": start, "report_end_day": end})

    def _day(self, request: Request) -> Response:
        asked = date.fromisoformat(request.query.get("day", ""))
        day = instant(datetime(asked.year, asked.month, asked.day, tzinfo=UTC))
        if day not in self.reports().days:
            return Response(HTTPStatus.NO_CONTENT)
        return Response.of_json(
            {"download_links": [self._link(request, day)], "report_day": asked.isoformat()}
        )

    def _link(self, request: Request, day: int) -> str:
        """A link to another host, which is this server by its other name."""
        port = urlsplit(request.origin).port
        path = f"{DOWNLOADS}users-{moment(day).date().isoformat()}.ndjson"
        return f"http://localhost:{port}{path}?{urlencode({'sig': self._signature(path)})}"

    def _signature(self, path: str) -> str:
        return hmac.new(self._token.encode(), path.encode(), hashlib.sha256).hexdigest()

    def _download(self, request: Request) -> Response:
        is_signed = hmac.compare_digest(request.query.get("sig", ""), self._signature(request.path))
        if not is_signed or "authorization" in request.headers:
            return Response(HTTPStatus.FORBIDDEN, b"AuthenticationFailed", {"Content-Type": "text/plain"})
        asked = date.fromisoformat(request.path.removeprefix(f"{DOWNLOADS}users-").removesuffix(".ndjson"))
        day = instant(datetime(asked.year, asked.month, asked.day, tzinfo=UTC))
        return Response(body=self.reports().file_of(day), headers={"Content-Type": "application/x-ndjson"})

    # Seats and tasks.

    def _seats(self, request: Request) -> Response:
        seats = self.reports().seats(request.origin, self._company)
        page, headers = page_of(request, seats, default=50)
        return Response.of_json({"total_seats": len(seats), "seats": page}, headers=headers)

    def _tasks(self, request: Request, name: str, wanted: str | None) -> Response:
        repository = self._repository(name)
        if repository is None:
            return error(HTTPStatus.NOT_FOUND)
        tasks = tasks_of(self._history, self.reports().now)[repository.id]
        if wanted is not None:
            found = next((task for task in tasks if task.id == wanted), None)
            return Response.of_json(found.described(request.origin)) if found else error(HTTPStatus.NOT_FOUND)
        listed = self._listed(request, tasks)
        page, headers = page_of(request, [task.shown(request.origin) for task in listed], default=30)
        counts = {"total_active_count": len(tasks), "total_archived_count": 0}
        return Response.of_json({"tasks": page, **counts}, headers=headers)

    def _listed(self, request: Request, tasks: list[Task]) -> list[Task]:
        query = request.query
        if query.get("is_archived") == "true":
            return []
        since = query.get("since")
        start = instant(datetime.fromisoformat(since)) if since else 0
        key = {
            "updated_at": lambda task: (task.updated_at, task.id),
            "created_at": lambda task: (task.given_at, task.id),
        }[query.get("sort", "updated_at")]
        is_descending = query.get("direction", "desc") == "desc"
        return sorted((task for task in tasks if task.updated_at >= start), key=key, reverse=is_descending)

    def _repository(self, name: str) -> Repository | None:
        now = self._clock.now
        return next((each for each in self._history.repositories if each.name_at(now) == name), None)


def page_of(request: Request, items: Sequence[Any], default: int) -> tuple[Sequence[Any], dict[str, str]]:
    """The asked page of a list, and its Link header."""
    size = min(LARGEST_PAGE, max(1, int(request.query.get("per_page") or default)))
    number = max(1, int(request.query.get("page") or 1))
    if number * size >= len(items):
        return items[(number - 1) * size :], {}
    query = urlencode({**request.query, "page": number + 1})
    link = f'<{request.origin}{request.path}?{query}>; rel="next"'
    return items[(number - 1) * size : number * size], {"Link": link}


def error(status: int, headers: dict[str, str] | None = None) -> Response:
    """Make an error answer in GitHub's shape."""
    content = {
        "message": MESSAGES[int(status)],
        "documentation_url": DOCUMENTATION,
        "status": str(int(status)),
    }
    return Response.of_json(content, status, headers)
