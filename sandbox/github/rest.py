"""GitHub's REST endpoints: one short function each, found by method and path."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlencode

from sandbox.calendar import instant
from sandbox.github import payloads
from sandbox.github.view import ChangeState, RepositoryView, View, run_state
from sandbox.history import Account, Deployment, Run
from sandbox.http import Request, Response

DEFAULT_PAGE = 30
LARGEST_PAGE = 100
SEARCH_LIMIT = 1000
SEARCH_PARAMETERS = ("actor", "branch", "check_suite_id", "created", "event", "head_sha", "status")


class NotFoundError(LookupError):
    """What is asked for does not exist, or not yet."""


@dataclass(slots=True)
class Call:
    """A request with what answers it; with `overlap` a page begins with the last items before it."""

    request: Request
    view: View
    viewer: Account
    overlap: int = 0

    @property
    def api(self) -> str:
        """Address of the API as the client wrote it."""
        return self.request.origin + ("/api/v3" if self.request.path.startswith("/api/v3/") else "")

    def repository(self, owner: str, name: str) -> RepositoryView:
        """Return the repository of a name; raises NotFoundError."""
        found = self.view.by_name(f"{owner}/{name}")
        if found is None:
            raise NotFoundError
        return found


Item = TypeVar("Item")
Endpoint = Callable[..., Response]
_ROUTES: list[tuple[re.Pattern[str], Endpoint]] = []


def route(path: str) -> Callable[[Endpoint], Endpoint]:
    """Register an endpoint; `{name}` in the path becomes an argument, `{name:d}` a number."""
    pattern = re.sub(r"\{(\w+):d\}", r"(?P<\1>[0-9]+)", path)
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)

    def register(endpoint: Endpoint) -> Endpoint:
        _ROUTES.append((re.compile(pattern), endpoint))
        return endpoint

    return register


def answer(call: Call) -> Response:
    """Answer a GET; raises NotFoundError."""
    path = call.request.path.removeprefix("/api/v3").rstrip("/") or "/"
    for pattern, endpoint in _ROUTES:
        if match := pattern.fullmatch(path):
            arguments = {
                name: int(value) if value.isdigit() else value for name, value in match.groupdict().items()
            }
            return _moved(call, arguments) or endpoint(call, **arguments)
    raise NotFoundError


def _moved(call: Call, arguments: dict[str, Any]) -> Response | None:
    """Redirect from the former name of a renamed repository, as GitHub does."""
    if not {"owner", "name"} <= set(arguments):
        return None
    asked = f"{arguments['owner']}/{arguments['name']}"
    found = call.view.by_name(asked)
    if found is None or found.name.lower() == asked.lower():
        return None
    tail = call.request.path.split(asked, 1)[1]
    query = f"?{urlencode(call.request.query)}" if call.request.query else ""
    url = f"{call.api}/repositories/{found.repository.id}{tail}{query}"
    content = {"message": "Moved Permanently", "url": url, "documentation_url": DOCUMENTATION}
    return Response.of_json(content, HTTPStatus.MOVED_PERMANENTLY, {"Location": url})


DOCUMENTATION = "https://docs.github.com/rest"


def page_of(
    call: Call, items: Sequence[Item], *, limit: int | None = None
) -> tuple[Sequence[Item], dict[str, str]]:
    """Return the asked page of a list and its Link header."""
    query = call.request.query
    size = min(LARGEST_PAGE, max(1, int(query.get("per_page") or DEFAULT_PAGE)))
    number = max(1, int(query.get("page") or 1))
    reachable = items if limit is None else items[:limit]
    start = (number - 1) * size
    last = max(1, -(-len(reachable) // size))
    links = []
    for relation, target in (("prev", number - 1), ("next", number + 1), ("last", last), ("first", 1)):
        is_back = relation in {"prev", "first"}
        if (is_back and number > 1) or (not is_back and number < last):
            links.append(f'<{_url(call, page=target, per_page=size)}>; rel="{relation}"')
    overlap = call.overlap if number > 1 else 0
    return reachable[max(0, start - overlap) : start + size], {"Link": ", ".join(links)} if links else {}


def _url(call: Call, **changed: object) -> str:
    return f"{call.request.origin}{call.request.path}?{urlencode({**call.request.query, **changed})}"


def listed(
    call: Call,
    items: Sequence[Item],
    present: Callable[[Item], payloads.Payload],
    key: str = "",
    limit: int | None = None,
) -> Response:
    """Answer with a page of a list, below `key` beside the total count where there is one."""
    page, headers = page_of(call, items, limit=limit)
    rows = [present(item) for item in page]
    return Response.of_json({"total_count": len(items), key: rows} if key else rows, headers=headers)


@route(r"/user")
def viewer(call: Call) -> Response:
    """The owner of the token."""
    return Response.of_json(payloads.private_user(call.viewer, call.api))


@route(r"/orgs/{owner}/repos")
def organization_repositories(call: Call, owner: str) -> Response:
    """Repositories of the organisation."""
    views = [view for view in call.view.repositories if view.name.partition("/")[0] == owner]
    if not views:
        raise NotFoundError
    views.sort(key=lambda view: view.name)
    return listed(call, views, lambda view: payloads.repository(view, call.api))


@route(r"/orgs/{owner}")
def organization(call: Call, owner: str) -> Response:
    """The organisation."""
    if not any(view.name.startswith(f"{owner}/") for view in call.view.repositories):
        raise NotFoundError
    return Response.of_json(payloads.full_organization(owner, len(call.view.repositories), call.api))


@route(r"/repos/{owner}/{name}")
def repository(call: Call, owner: str, name: str) -> Response:
    """One repository."""
    return Response.of_json(payloads.repository(call.repository(owner, name), call.api))


@route(r"/repositories/{number:d}(?P<tail>/.*)?")
def repository_by_id(call: Call, number: int, tail: str | None) -> Response:
    """A repository, or anything below it, by id."""
    found = call.view.by_id(number)
    if found is None:
        raise NotFoundError
    request = call.request
    below = Request(
        request.method,
        f"/repos/{found.name}{tail or ''}",
        request.query,
        request.headers,
        b"",
        request.origin,
    )
    return answer(Call(below, call.view, call.viewer, call.overlap))


# Pull requests.


@route(r"/repos/{owner}/{name}/pulls")
def pulls(call: Call, owner: str, name: str) -> Response:
    """Pull requests, newest first unless asked otherwise."""
    view, query = call.repository(owner, name), call.request.query
    wanted = query.get("state", "open")
    states = view.changes_by_update if query.get("sort") == "updated" else view.changes[::-1]
    states = [state for state in states if wanted == "all" or (state.state == "OPEN") == (wanted == "open")]
    if query.get("direction") == "asc":
        states = states[::-1]
    return listed(call, states, lambda state: payloads.short_pull(state, view, call.api))


def _change(call: Call, owner: str, name: str, number: int) -> tuple[RepositoryView, ChangeState]:
    view = call.repository(owner, name)
    state = view.change(number)
    if state is None:
        raise NotFoundError
    return view, state


@route(r"/repos/{owner}/{name}/pulls/{number:d}")
def pull(call: Call, owner: str, name: str, number: int) -> Response:
    """One pull request."""
    view, state = _change(call, owner, name, number)
    return Response.of_json(payloads.pull(state, view, call.api))


@route(r"/repos/{owner}/{name}/pulls/{number:d}/reviews")
def reviews(call: Call, owner: str, name: str, number: int) -> Response:
    """Submitted reviews."""
    view, state = _change(call, owner, name, number)
    return listed(call, state.reviews, lambda event: payloads.review(event, state, view, call.api))


@route(r"/repos/{owner}/{name}/pulls/{number:d}/commits")
def pull_commits(call: Call, owner: str, name: str, number: int) -> Response:
    """Commits of a pull request, at most 250."""
    view, state = _change(call, owner, name, number)
    return listed(call, state.head.commits[:250], lambda commit: payloads.commit(commit, view, call.api))


# Actions.


@route(r"/repos/{owner}/{name}/actions/runs")
def runs(call: Call, owner: str, name: str) -> Response:
    """Runs, newest first; a filtered list ends after 1,000, whatever the total is."""
    view, query = call.repository(owner, name), call.request.query
    found = [record for record in view.runs if _matches(record, view, query)]
    nested = payloads.minimal_repository(view, call.api)
    limit = SEARCH_LIMIT if any(name in query for name in SEARCH_PARAMETERS) else None
    return listed(
        call,
        found,
        lambda record: payloads.run(record, view.attempts(record)[-1], view, call.api, nested),
        "workflow_runs",
        limit,
    )


def _matches(record: Run, view: RepositoryView, query: dict[str, str]) -> bool:
    if created := query.get("created"):
        earliest, latest = created_window(created)
        if not earliest <= record.created_at <= latest:
            return False
    wanted = {"branch": record.branch, "event": record.trigger, "head_sha": record.sha}
    if any(name in query and query[name] != value for name, value in wanted.items()):
        return False
    if status := query.get("status"):
        return status in run_state(view.attempts(record)[-1], view.now)[:2]
    return True


def created_window(text: str) -> tuple[int, int]:
    """Return the seconds from and to which a `created` filter reaches, both included."""
    if ".." in text:
        start, _, end = text.partition("..")
        return (0 if start == "*" else _at(start)), (2**40 if end == "*" else _at(end, is_end=True))
    for sign, window in (
        (">=", lambda at: (at, 2**40)),
        ("<=", lambda at: (0, at)),
        (">", lambda at: (at + 1, 2**40)),
        ("<", lambda at: (0, at - 1)),
    ):
        if text.startswith(sign):
            return window(_at(text.removeprefix(sign)))
    return _at(text), _at(text, is_end=True)


def _at(text: str, *, is_end: bool = False) -> int:
    is_day = len(text) == len("2026-01-01")
    moment = datetime.fromisoformat(f"{text}T00:00:00+00:00" if is_day else text.replace("Z", "+00:00"))
    return instant(moment) + (86_399 if is_day and is_end else 0)


def _run(call: Call, owner: str, name: str, number: int) -> tuple[RepositoryView, Run]:
    view = call.repository(owner, name)
    record = view.runs_by_id.get(number)
    if record is None:
        raise NotFoundError
    return view, record


@route(r"/repos/{owner}/{name}/actions/runs/{number:d}")
def run(call: Call, owner: str, name: str, number: int) -> Response:
    """A run in the state of its latest attempt."""
    view, record = _run(call, owner, name, number)
    nested = payloads.minimal_repository(view, call.api)
    return Response.of_json(payloads.run(record, view.attempts(record)[-1], view, call.api, nested))


@route(r"/repos/{owner}/{name}/actions/runs/{number:d}/attempts/{attempt:d}")
def run_attempt(call: Call, owner: str, name: str, number: int, attempt: int) -> Response:
    """A run as it was in one of its attempts."""
    view, record = _run(call, owner, name, number)
    attempts = view.attempts(record)
    if not 1 <= attempt <= len(attempts):
        raise NotFoundError
    nested = payloads.minimal_repository(view, call.api)
    return Response.of_json(payloads.run(record, attempts[attempt - 1], view, call.api, nested))


@route(r"/repos/{owner}/{name}/actions/runs/{number:d}/attempts/{attempt:d}/jobs")
def attempt_jobs(call: Call, owner: str, name: str, number: int, attempt: int) -> Response:
    """Jobs of one attempt."""
    view, record = _run(call, owner, name, number)
    attempts = view.attempts(record)
    if not 1 <= attempt <= len(attempts):
        raise NotFoundError
    found = attempts[attempt - 1]
    return listed(call, found.jobs, lambda job: payloads.job(job, record, found, view, call.api), "jobs")


@route(r"/repos/{owner}/{name}/actions/runs/{number:d}/jobs")
def run_jobs(call: Call, owner: str, name: str, number: int) -> Response:
    """Jobs of the latest attempt, or of all."""
    view, record = _run(call, owner, name, number)
    attempts = view.attempts(record)
    chosen = attempts if call.request.query.get("filter") == "all" else attempts[-1:]
    pairs = [(job, attempt) for attempt in chosen for job in attempt.jobs]
    return listed(call, pairs, lambda pair: payloads.job(pair[0], record, pair[1], view, call.api), "jobs")


# Deployments, releases, activity, commits.


@route(r"/repos/{owner}/{name}/deployments")
def deployments(call: Call, owner: str, name: str) -> Response:
    """Deployments, newest first."""
    view, query = call.repository(owner, name), call.request.query
    wanted = {key: query[key] for key in ("sha", "ref", "environment") if key in query}
    found = [
        item for item in view.deployments if all(getattr(item, key) == value for key, value in wanted.items())
    ]
    return listed(call, found, lambda item: payloads.deployment(item, view, call.api))


def _deployment(call: Call, owner: str, name: str, number: int) -> tuple[RepositoryView, Deployment]:
    view = call.repository(owner, name)
    record = next((item for item in view.deployments if item.id == number), None)
    if record is None:
        raise NotFoundError
    return view, record


@route(r"/repos/{owner}/{name}/deployments/{number:d}")
def deployment(call: Call, owner: str, name: str, number: int) -> Response:
    """One deployment."""
    view, record = _deployment(call, owner, name, number)
    return Response.of_json(payloads.deployment(record, view, call.api))


@route(r"/repos/{owner}/{name}/deployments/{number:d}/statuses")
def deployment_statuses(call: Call, owner: str, name: str, number: int) -> Response:
    """Statuses of a deployment, newest first."""
    view, record = _deployment(call, owner, name, number)
    statuses = [status for status in reversed(record.statuses) if status.at <= view.now]
    return listed(call, statuses, lambda status: payloads.deployment_status(status, record, view, call.api))


@route(r"/repos/{owner}/{name}/releases")
def releases(call: Call, owner: str, name: str) -> Response:
    """Releases, newest first."""
    view = call.repository(owner, name)
    return listed(call, view.releases, lambda item: payloads.release(item, view, call.api))


@route(r"/repos/{owner}/{name}/activity")
def activity(call: Call, owner: str, name: str) -> Response:
    """Movements of branches, newest first unless asked otherwise; paged by cursor."""
    view, query = call.repository(owner, name), call.request.query
    kinds = query["activity_type"].split(",") if "activity_type" in query else None
    found = [
        push
        for push in view.pushes
        if (kinds is None or push.kind in kinds)
        and query.get("ref", push.ref) in {push.ref, push.ref.removeprefix("refs/heads/")}
    ]
    if query.get("direction") == "asc":
        found = found[::-1]
    ids = [push.id for push in found]
    start = (
        ids.index(int(query["after"])) + 1
        if query.get("after", "").isdigit() and int(query["after"]) in ids
        else 0
    )
    size = min(LARGEST_PAGE, max(1, int(query.get("per_page") or DEFAULT_PAGE)))
    page = found[max(0, start - (call.overlap if start else 0)) : start + size]
    has_more = start + size < len(found)
    link = {"Link": f'<{_url(call, after=page[-1].id, per_page=size)}>; rel="next"'} if has_more else {}
    return Response.of_json([payloads.push(push, call.api) for push in page], headers=link)


@route(r"/repos/{owner}/{name}/commits/{sha}")
def commit(call: Call, owner: str, name: str, sha: str) -> Response:
    """One commit."""
    view = call.repository(owner, name)
    record = next(
        (item for item in view.repository.commits if item.sha == sha and item.committed_at <= view.now), None
    )
    if record is None:
        raise NotFoundError
    return Response.of_json(payloads.commit(record, view, call.api))
