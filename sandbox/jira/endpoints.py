"""Jira's endpoints: what each answers to a call, or how it refuses."""

import base64
import json
import re
import zlib
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any

from sandbox.http import Request
from sandbox.jira import payloads
from sandbox.jira.jql import JqlError, search
from sandbox.jira.payloads import PROFILE_ZONE, Payload
from sandbox.jira.view import Entry, Issue, View

MOST_FULL_ISSUES = 100
MOST_IDS = 5000
MOST_ENTRIES = 1000
MOST_LOGS = 1000
MOST_FIELDS = 10
MESSAGES = {
    401: "Client must be authenticated to access this resource.",
    403: "Forbidden; scope does not match.",
    404: "Issue does not exist or you do not have permission to see it.",
    410: "The requested API has been removed. Please migrate to the /rest/api/3/search/jql API.",
}


class RefusedError(Exception):
    """An answer that refuses, in Jira's shape."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Call:
    """A request with what answers it."""

    def __init__(self, request: Request, view: View, fault: str) -> None:
        self.method, self.path = request.method, request.path
        self.view = view
        self.origin = request.origin
        self.fault = fault
        self.asked: Payload = dict(request.query)
        if request.method == "POST":
            try:
                self.asked |= request.json() or {}
            except (ValueError, TypeError):
                raise RefusedError(HTTPStatus.BAD_REQUEST, "Invalid request payload.") from None

    def number(self, name: str, default: int, most: int) -> int:
        """Return a whole number that was asked for, at most so much."""
        try:
            return min(max(0, int(self.asked.get(name, default))), most)
        except (TypeError, ValueError):
            raise RefusedError(HTTPStatus.BAD_REQUEST, f"{name} must be a number.") from None

    def names(self, name: str) -> list[str]:
        """Return a list that was asked for, as JSON or joined by commas."""
        value = self.asked.get(name) or []
        return value.split(",") if isinstance(value, str) else [str(each) for each in value]

    def classic(self, rows: Sequence[Any], key: str = "values") -> Payload:
        """Return a page by `startAt`."""
        start = self.number("startAt", 0, 1 << 31)
        size = self.number("maxResults", 50, MOST_FULL_ISSUES)
        return {
            "maxResults": size,
            "startAt": start,
            "total": len(rows),
            "isLast": start + size >= len(rows),
            key: rows[start : start + size],
        }

    def issue(self, reference: str) -> Issue:
        """Return the issue of an id or key, or refuse."""
        found = self.view.issue(reference)
        if found is None:
            raise RefusedError(HTTPStatus.NOT_FOUND, MESSAGES[404])
        return found

    def found(self) -> list[Issue]:
        """Return what the JQL finds, or refuse."""
        try:
            return search(self.view, str(self.asked.get("jql") or ""), PROFILE_ZONE)
        except JqlError as error:
            raise RefusedError(HTTPStatus.BAD_REQUEST, str(error)) from None


def _search(call: Call) -> Payload:
    """Pages by token; every second one is shorter than asked for."""
    fields = call.names("fields") or ["id"]
    size = call.number("maxResults", 50, MOST_IDS if fields == ["id"] else MOST_FULL_ISSUES) or 50
    found = call.found()
    query = f"{call.asked.get('jql')} {sorted(fields)}"
    start, number = _place(call, query)
    first = max(0, start - 1) if call.fault == "duplicates" else start
    end = start + (max(1, size * 2 // 3) if number % 2 else size)
    page: Payload = {"issues": [payloads.issue(call.origin, each, fields) for each in found[first:end]]}
    page["isLast"] = end >= len(found)
    if call.fault == "loop" and number:
        return {**page, "isLast": False, "nextPageToken": call.asked["nextPageToken"]}
    if call.fault == "endless":
        return {**page, "isLast": False, "nextPageToken": _token(query, 0, number + 1)}
    if not page["isLast"]:
        page["nextPageToken"] = _token(query, end, number + 1)
    return page


def _token(query: str, start: int, number: int) -> str:
    """Return an opaque token that is bound to its query."""
    return base64.b64encode(json.dumps([zlib.crc32(query.encode()), start, number]).encode()).decode()


def _place(call: Call, query: str) -> tuple[int, int]:
    """Return start and number of the page that is asked for."""
    token = call.asked.get("nextPageToken")
    if not token:
        return 0, 0
    try:
        bound, start, number = json.loads(base64.b64decode(token))
    except ValueError:
        bound, start, number = None, 0, 0
    if bound != zlib.crc32(query.encode()):
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The provided next page token is invalid or has expired.")
    return start, number


def _count(call: Call) -> Payload:
    return {"count": len(call.found())}


def _removed(_call: Call) -> Payload:
    raise RefusedError(HTTPStatus.GONE, MESSAGES[410])


def _change_logs(call: Call) -> Payload:
    """Entries of many issues, oldest first, at most so many a page."""
    wanted, fields = call.names("issueIdsOrKeys"), set(call.names("fieldIds"))
    if not 0 < len(wanted) <= MOST_LOGS or len(fields) > 10:  # noqa: PLR2004
        raise RefusedError(
            HTTPStatus.BAD_REQUEST, "Between 1 and 1000 issues and at most 10 fields may be asked for."
        )
    issues = {str(each.ticket.id): each for name in wanted if (each := call.view.issue(name))}
    entries = sorted(
        (
            (entry, identity)
            for identity, issue in issues.items()
            for each in issue.entries
            if (entry := _narrowed(each, fields)).items
        ),
        key=lambda pair: (pair[0].at, pair[0].id),
    )
    query = f"{sorted(wanted)} {sorted(fields)}"
    size = call.number("maxResults", MOST_ENTRIES, MOST_ENTRIES) or MOST_ENTRIES
    start, number = _place(call, query)
    logs: dict[str, list[Payload]] = {}
    for entry, identity in entries[start : start + size]:
        logs.setdefault(identity, []).append(payloads.entry(call.origin, entry, is_bulk=True))
    page: Payload = {
        "issueChangeLogs": [{"issueId": name, "changeHistories": rows} for name, rows in logs.items()]
    }
    if start + size < len(entries):
        page["nextPageToken"] = _token(query, start + size, number + 1)
    return page


def _narrowed(entry: Entry, fields: set[str]) -> Entry:
    return entry._replace(items=tuple(i for i in entry.items if i.field_id in fields)) if fields else entry


def _issue(call: Call, reference: str) -> Payload:
    shown = call.issue(reference)
    answer = payloads.issue(call.origin, shown, call.names("fields") or ["*all"])
    if "changelog" in call.names("expand"):
        newest = [payloads.entry(call.origin, each, is_bulk=False) for each in reversed(shown.entries)]
        answer["changelog"] = call.classic(newest, "histories")
    return answer


def _change_log(call: Call, reference: str) -> Payload:
    entries = [payloads.entry(call.origin, each, is_bulk=False) for each in call.issue(reference).entries]
    return call.classic(entries)


def _links(call: Call, reference: str) -> list[Payload]:
    issue = call.issue(reference)
    return [payloads.link(call.origin, each, issue.ticket.id, call.view.now) for each in issue.links]


def _projects(call: Call) -> list[Payload]:
    return [payloads.project(call.origin, each) for each in call.view.projects]


def _project(call: Call, reference: str) -> Payload:
    found = call.view.project(reference)
    if found is None:
        raise RefusedError(HTTPStatus.NOT_FOUND, f"No project could be found with key '{reference}'.")
    return payloads.project(call.origin, found)


def _boards(call: Call) -> Payload:
    wanted = str(call.asked.get("projectKeyOrId") or "").upper()
    chosen = [each for each in call.view.projects if not wanted or wanted in {each.id, each.key}]
    return call.classic([payloads.board(call.origin, each) for each in chosen])


def _sprints(call: Call, board_id: str) -> Payload:
    project = next((each for each in call.view.projects if str(each.board_id) == board_id), None)
    if project is None:
        raise RefusedError(
            HTTPStatus.NOT_FOUND, "Requested board cannot be viewed because it does not exist."
        )
    if not project.has_sprints:
        raise RefusedError(HTTPStatus.BAD_REQUEST, "The board does not support sprints")
    rows = [payloads.sprint(call.origin, each, call.view.now) for each in call.view.sprints(project)]
    return call.classic(rows)


def _server(call: Call) -> Payload:
    return {
        "baseUrl": call.origin,
        "version": "1001.0.0-SNAPSHOT",
        "versionNumbers": [1001, 0, 0],
        "deploymentType": "Cloud",
        "buildNumber": 100290,
        "serverTitle": "Jira",
        "serverTime": payloads.stamp(call.view.now),
    }


def _fields(_call: Call) -> list[Payload]:
    names = {"status": "Status", "assignee": "Assignee", "customfield_10020": "Sprint"}
    return [
        {"id": identity, "name": name, "custom": identity.startswith("customfield"), "clauseNames": [name]}
        for identity, name in names.items()
    ]


_API = r"/rest/api/(?:2|3|latest)"
_AGILE = r"/rest/agile/1\.0"
Endpoint = Callable[..., Any]
_ROUTES: tuple[tuple[re.Pattern[str], tuple[str, ...], Endpoint], ...] = tuple(
    (re.compile(pattern), methods, endpoint)
    for pattern, methods, endpoint in (
        (rf"{_API}/search/jql", ("GET", "POST"), _search),
        (rf"{_API}/search/approximate-count", ("POST",), _count),
        (rf"{_API}/search", ("GET", "POST"), _removed),
        (rf"{_API}/changelog/bulkfetch", ("POST",), _change_logs),
        (rf"{_API}/issue/([^/]+)", ("GET",), _issue),
        (rf"{_API}/issue/([^/]+)/changelog", ("GET",), _change_log),
        (rf"{_API}/issue/([^/]+)/remotelink", ("GET",), _links),
        (rf"{_API}/myself", ("GET",), lambda call: payloads.profile(call.origin)),
        (rf"{_API}/serverInfo", ("GET",), _server),
        (rf"{_API}/field", ("GET",), _fields),
        (rf"{_API}/status", ("GET",), lambda call: payloads.statuses(call.origin)),
        (rf"{_API}/issuetype", ("GET",), lambda call: payloads.issue_types(call.origin)),
        (rf"{_API}/project", ("GET",), _projects),
        (rf"{_API}/project/search", ("GET",), lambda call: call.classic(_projects(call))),
        (rf"{_API}/project/([^/]+)", ("GET",), _project),
        (rf"{_AGILE}/board", ("GET",), _boards),
        (rf"{_AGILE}/board/(\d+)/sprint", ("GET",), _sprints),
    )
)


def answer(call: Call) -> Any:
    """Return what the endpoint of a call says.

    Raises:
        RefusedError: it refuses, or there is none.
    """
    for pattern, methods, endpoint in _ROUTES:
        matched = pattern.fullmatch(call.path)
        if matched and call.method in methods:
            return endpoint(call, *matched.groups())
    raise RefusedError(HTTPStatus.NOT_FOUND, MESSAGES[404])
