"""GitLab's REST endpoints: one short function each, found by path, and its two ways of paging."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import unquote, urlencode

from sandbox.gitlab import payloads
from sandbox.gitlab.notes import issue_notes, notes, username
from sandbox.gitlab.view import Issue, MergeRequest, ProjectView, View
from sandbox.history import Account
from sandbox.http import Request, Response

DEFAULT_PAGE = 20
LARGEST_PAGE = 100
LARGEST_COUNT = 10_000
"""Longer lists tell no total."""

Item = TypeVar("Item")
Payload = payloads.Payload
Endpoint = Callable[..., Response]
_ROUTES: list[tuple[re.Pattern[str], Endpoint]] = []


class NotFoundError(LookupError):
    """What is asked for does not exist, or not yet."""


class ForbiddenError(PermissionError):
    """The token may not read it."""


@dataclass(slots=True)
class Call:
    """A request with what answers it; with `overlap` a page begins with the last items before it."""

    request: Request
    view: View
    overlap: int = 0

    @property
    def query(self) -> dict[str, str]:
        """Parameters of the request."""
        return self.request.query

    def project(self, reference: str) -> ProjectView:
        """Return the project of an id or path; raises NotFoundError."""
        found = self.view.project(unquote(reference))
        if found is None:
            raise NotFoundError("Project")
        return found


def route(path: str) -> Callable[[Endpoint], Endpoint]:
    """Register an endpoint; `{name}` in the path becomes an argument, `{name:d}` a number."""
    pattern = re.sub(r"\{(\w+):d\}", r"(?P<\1>[0-9]+)", path)
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", pattern)
    numbers = set(re.findall(r"\{(\w+):d\}", path))

    def register(endpoint: Endpoint) -> Endpoint:
        def called(call: Call, **arguments: str) -> Response:
            return endpoint(call, **{k: int(v) if k in numbers else v for k, v in arguments.items()})

        _ROUTES.append((re.compile(pattern), called))
        return endpoint

    return register


def answer(call: Call, api: str) -> Response:
    """Answer a GET; raises NotFoundError, ForbiddenError, or ValueError for parameters that make no sense."""
    root, found, path = call.request.path.partition(api)
    for pattern, endpoint in _ROUTES if found and not root else ():
        if match := pattern.fullmatch(path):
            return _moved(call, match.groupdict()) or endpoint(call, **match.groupdict())
    raise NotFoundError


def _moved(call: Call, arguments: dict[str, str]) -> Response | None:
    """Redirect from the former path of a project."""
    asked = unquote(arguments.get("project", ""))
    found = call.view.project(asked) if "/" in asked else None
    if found is None or found.path == asked:
        return None
    path = call.request.path.replace(arguments["project"], str(found.repository.id))
    query = f"?{urlencode(call.query)}" if call.query else ""
    url = f"{call.request.origin}{path}{query}"
    return Response(HTTPStatus.MOVED_PERMANENTLY, b"", {"Location": url})


def listed(
    call: Call,
    items: Sequence[Item],
    present: Callable[[Item], Payload],
    key: Callable[[Item], int] | None = None,
) -> Response:
    """Answer with a page of a list; with `key`, also by keyset where the client asks for it."""
    size = _number(call, "per_page", DEFAULT_PAGE, LARGEST_PAGE)
    if key and call.query.get("pagination") == "keyset":
        return _keyset(call, items, present, key, size)
    number = _number(call, "page", 1, 2**31)
    start = (number - 1) * size
    overlap = call.overlap if number > 1 else 0
    rows = [present(item) for item in items[max(0, start - overlap) : start + size]]
    last = max(1, -(-len(items) // size))
    following = str(number + 1) if number < last else ""
    headers = {
        "X-Page": str(number),
        "X-Per-Page": str(size),
        "X-Next-Page": following,
        "X-Prev-Page": str(number - 1) if number > 1 else "",
    }
    relations = {
        "prev": number - 1 if number > 1 else None,
        "next": number + 1 if following else None,
        "first": 1,
    }
    if len(items) <= LARGEST_COUNT:
        headers |= {"X-Total": str(len(items)), "X-Total-Pages": str(last)}
        relations["last"] = last
    headers["Link"] = ", ".join(
        f'<{_url(call, page=page, per_page=size)}>; rel="{relation}"'
        for relation, page in relations.items()
        if page
    )
    return Response.of_json(rows, headers=headers)


def _keyset(
    call: Call,
    items: Sequence[Item],
    present: Callable[[Item], Payload],
    key: Callable[[Item], int],
    size: int,
) -> Response:
    """Answer with the items after the cursor, in descending order of their ids."""
    if call.query.get("order_by", "id") != "id" or call.query.get("sort", "desc") != "desc":
        raise ValueError("keyset pagination orders by id, descending")
    cursor = int(call.query.get("cursor") or 2**62)
    rest = [item for item in items if key(item) < cursor]
    page = rest[:size]
    headers = {}
    if len(rest) > size:
        headers["Link"] = f'<{_url(call, cursor=key(page[-1]))}>; rel="next"'
    return Response.of_json([present(item) for item in page], headers=headers)


def _number(call: Call, name: str, default: int, largest: int) -> int:
    value = call.query.get(name) or str(default)
    if not value.isdigit():
        raise ValueError(f"{name} is invalid")
    return min(largest, max(1, int(value)))


def _url(call: Call, **changed: object) -> str:
    return f"{call.request.origin}{call.request.path}?{urlencode({**call.query, **changed})}"


def updated(call: Call, items: Sequence[Item], at: Callable[[Item], int]) -> list[Item]:
    """Filter by last update, both instants included."""
    after, before = (_instant(call.query.get(f"updated_{side}")) for side in ("after", "before"))
    return [
        item
        for item in items
        if (after is None or at(item) >= after) and (before is None or at(item) <= before)
    ]


def ordered(
    call: Call, items: Sequence[Item], keys: dict[str, Callable[[Item], Any]], default: str, sort: str
) -> list[Item]:
    """Order as asked for; raises ValueError for an order that the list does not have."""
    name = call.query.get("order_by", default)
    if name not in keys:
        raise ValueError("order_by does not have a valid value")
    return sorted(items, key=keys[name], reverse=call.query.get("sort", sort) == "desc")


def _instant(text: str | None) -> float | None:
    return None if text is None else datetime.fromisoformat(text.replace(" ", "+")).timestamp()


# Users and projects.


@route(r"/user")
def viewer(call: Call) -> Response:
    """The owner of the token."""
    return Response.of_json(payloads.whole_user(_release_bot(call)))


@route(r"/personal_access_tokens/self")
def token(call: Call) -> Response:
    """The token."""
    return Response.of_json(
        {
            "id": 1,
            "name": "flowgauge",
            "revoked": False,
            "active": True,
            "user_id": _release_bot(call).id,
            "scopes": ["read_api", "read_repository"],
            "expires_at": None,
        }
    )


def _release_bot(call: Call) -> Account:
    return call.view.organisation.release_bot


@route(r"/users")
def users(call: Call) -> Response:
    """Users, or the one of a name."""
    wanted = call.query.get("username")
    found = [one for one in call.view.accounts.values() if wanted in (None, username(one))]
    return listed(call, found, payloads.user)


@route(r"/users/{number:d}")
def user(call: Call, number: int) -> Response:
    """A user."""
    if number not in call.view.accounts:
        raise NotFoundError("User")
    return Response.of_json(payloads.whole_user(call.view.accounts[number]))


@route(r"/groups/{path}")
def group(call: Call, path: str) -> Response:
    """The group."""
    _group_projects(call, path)
    return Response.of_json(payloads.group(call.view.organisation.company))


@route(r"/groups/{path}/projects")
def group_projects(call: Call, path: str) -> Response:
    """Projects of the group."""
    return listed(call, _group_projects(call, path), payloads.project)


def _group_projects(call: Call, path: str) -> list[ProjectView]:
    name = call.view.organisation.company if path == str(payloads.GROUP) else unquote(path)
    found = [view for view in call.view.projects if view.path.startswith(f"{name}/")]
    if not found:
        raise NotFoundError("Group")
    return found


@route(r"/projects")
def projects(call: Call) -> Response:
    """All projects."""
    return listed(call, call.view.projects, payloads.project)


@route(r"/projects/{project}")
def project(call: Call, project: str) -> Response:
    """A project."""
    return Response.of_json(payloads.project(call.project(project)))


@route(r"/projects/{project}/members/all")
def members(call: Call, project: str) -> Response:
    """Members: the people of the company."""
    call.project(project)
    people = [one for one in call.view.accounts.values() if not one.is_bot_type]
    return listed(call, people, lambda one: {**payloads.user(one), "access_level": 30, "expires_at": None})


@route(r"/projects/{project}/approval_rules")
def approval_rules(call: Call, project: str) -> Response:
    """Rules about approvals, for those who may see them."""
    view = call.project(project)
    if not view.repository.are_rules_visible:
        raise ForbiddenError
    return listed(call, [view], payloads.approval_rule)


# Merge requests.

_ORDERS: dict[str, Callable[[MergeRequest], Any]] = {
    "created_at": lambda one: (one.change.created_at, one.change.id),
    "updated_at": lambda one: (one.updated_at, one.change.id),
}


@route(r"/projects/{project}/merge_requests")
def merge_requests(call: Call, project: str) -> Response:
    """Merge requests, newest first unless asked otherwise."""
    view = call.project(project)
    wanted = call.query.get("state", "all")
    found = [one for one in view.merge_requests if wanted in ("all", one.state)]
    found = ordered(call, updated(call, found, lambda one: one.updated_at), _ORDERS, "created_at", "desc")
    return listed(call, found, lambda one: payloads.merge_request(one, view))


def _request(call: Call, project: str, number: int) -> tuple[ProjectView, MergeRequest]:
    view = call.project(project)
    if not 1 <= number <= len(view.merge_requests):
        raise NotFoundError
    return view, view.merge_requests[number - 1]


@route(r"/projects/{project}/merge_requests/{number:d}")
def merge_request(call: Call, project: str, number: int) -> Response:
    """A merge request."""
    view, one = _request(call, project, number)
    whole = {**payloads.merge_request(one, view), "changes_count": str(len(one.head.paths))}
    return Response.of_json(whole)


@route(r"/projects/{project}/merge_requests/{number:d}/notes")
def merge_request_notes(call: Call, project: str, number: int) -> Response:
    """Notes, newest first unless asked otherwise."""
    _, one = _request(call, project, number)
    found = notes(one)
    if call.query.get("sort") == "asc":
        found = found[::-1]
    return listed(call, found, lambda note: payloads.note(note, one))


@route(r"/projects/{project}/merge_requests/{number:d}/resource_state_events")
def merge_request_states(call: Call, project: str, number: int) -> Response:
    """Closings, reopenings and the merge; the opening is none."""
    _, one = _request(call, project, number)
    merged_at = one.change.merged_at if one.state == "merged" else None
    found = [
        event
        for event in one.events
        if event.kind in {"merged", "reopened"}
        or (event.kind == "closed" and (merged_at is None or event.at < merged_at))
    ]
    return listed(call, found, lambda event: payloads.state_event(event, one))


@route(r"/projects/{project}/merge_requests/{number:d}/versions")
def merge_request_versions(call: Call, project: str, number: int) -> Response:
    """Versions of the diff, newest first."""
    _, one = _request(call, project, number)
    found = list(enumerate(one.versions))[::-1]
    return listed(call, found, lambda pair: payloads.version(*pair, one))


@route(r"/projects/{project}/merge_requests/{number:d}/approvals")
def merge_request_approvals(call: Call, project: str, number: int) -> Response:
    """Approvals that stand."""
    view, one = _request(call, project, number)
    return Response.of_json(payloads.approvals(one, view))


@route(r"/projects/{project}/merge_requests/{number:d}/commits")
def merge_request_commits(call: Call, project: str, number: int) -> Response:
    """Commits, newest first."""
    _, one = _request(call, project, number)
    return listed(call, one.head.commits[::-1], payloads.commit)


@route(r"/projects/{project}/merge_requests/{number:d}/diffs")
def merge_request_diffs(call: Call, project: str, number: int) -> Response:
    """Diffs of the files."""
    _, one = _request(call, project, number)
    return listed(call, one.head.paths, lambda path: payloads.diff(path, one.head))


@route(r"/projects/{project}/merge_requests/{number:d}/closes_issues")
def closed_issues(call: Call, project: str, number: int) -> Response:
    """Issues that the merge closes: those that it was said to be for."""
    _, one = _request(call, project, number)
    ticket = one.change.shown_ticket
    found = [call.view.issues[ticket.id]] if ticket and ticket.id in call.view.issues else []
    return listed(call, found, lambda pair: payloads.issue(pair[1], pair[0], call.view))


@route(r"/projects/{project}/merge_trains")
def merge_trains(call: Call, project: str) -> Response:
    """Cars of the merge trains, newest first; those that left a train are forgotten."""
    view = call.project(project)
    cars = [(event, one) for one in view.merge_requests if (event := _boarding(one)) is not None]
    cars.sort(key=lambda pair: pair[0].id, reverse=call.query.get("sort", "desc") == "desc")
    return listed(call, cars, lambda pair: payloads.car(*pair, view))


def _boarding(one: MergeRequest) -> Any:
    """Return the event by which a merge request came onto the train that it is, or was merged, on."""
    boarded = None
    for event in one.events:
        if event.kind == "enqueued":
            boarded = event
        elif event.kind == "dequeued" and event.detail != "MERGE":
            boarded = None
    return boarded


# Pipelines.


@route(r"/projects/{project}/pipelines")
def pipelines(call: Call, project: str) -> Response:
    """Pipelines, newest first unless asked otherwise."""
    view = call.project(project)

    def updated_at(one: Any) -> int:
        return payloads.pipeline_updated_at(one, view)

    keys: dict[str, Callable[[Any], Any]] = {
        "id": lambda one: one.id,
        "updated_at": lambda one: (updated_at(one), one.id),
    }
    found = ordered(call, updated(call, view.runs, updated_at), keys, "id", "desc")
    return listed(call, found, lambda one: payloads.pipeline(one, view))


def _pipeline(call: Call, project: str, number: int) -> tuple[ProjectView, Any]:
    view = call.project(project)
    found = next((run for run in view.runs if run.id == number), None)
    if found is None:
        raise NotFoundError
    return view, found


@route(r"/projects/{project}/pipelines/{number:d}")
def pipeline(call: Call, project: str, number: int) -> Response:
    """A pipeline with its times."""
    view, found = _pipeline(call, project, number)
    return Response.of_json(payloads.pipeline(found, view, is_whole=True))


@route(r"/projects/{project}/pipelines/{number:d}/jobs")
def pipeline_jobs(call: Call, project: str, number: int) -> Response:
    """Jobs of a pipeline, newest first; of retried ones the last try only, unless asked otherwise."""
    view, found = _pipeline(call, project, number)
    tries = view.tries[found.id]
    if call.query.get("include_retried") != "true":
        tries = list({one.job.name: one for one in tries}.values())
    return listed(call, sorted(tries, key=lambda one: -one.job.id), lambda one: payloads.job(one, view))


@route(r"/projects/{project}/jobs")
def jobs(call: Call, project: str) -> Response:
    """All tries of all jobs, newest first."""
    view = call.project(project)
    tries = sorted((one for found in view.tries.values() for one in found), key=lambda one: -one.job.id)
    return listed(call, tries, lambda one: payloads.job(one, view), key=lambda one: one.job.id)


# Deployments, releases, tags.


@route(r"/projects/{project}/environments")
def environments(call: Call, project: str) -> Response:
    """Environments."""
    view = call.project(project)
    return listed(call, list(view.environments), lambda name: payloads.environment(name, view))


@route(r"/projects/{project}/deployments")
def deployments(call: Call, project: str) -> Response:
    """Deployments, oldest first unless asked otherwise; a filter by update must be ordered by it."""
    view, query = call.project(project), call.query
    if query.keys() & {"updated_after", "updated_before"} and query.get("order_by") != "updated_at":
        raise ValueError("`updated_at` filter requires `updated_at` sort")

    def updated_at(one: Any) -> int:
        return payloads.deployment_updated_at(one, view.now)

    keys: dict[str, Callable[[Any], Any]] = {
        "id": lambda one: one.id,
        "created_at": lambda one: (one.created_at, one.id),
        "updated_at": lambda one: (updated_at(one), one.id),
    }
    found = ordered(call, updated(call, view.deployments, updated_at), keys, "id", "asc")
    return listed(call, found, lambda one: payloads.deployment(one, view))


@route(r"/projects/{project}/deployments/{number:d}")
def deployment(call: Call, project: str, number: int) -> Response:
    """A deployment with its approvals."""
    view = call.project(project)
    found = next((one for one in view.deployments if one.id == number), None)
    if found is None:
        raise NotFoundError
    return Response.of_json(payloads.deployment(found, view, is_whole=True))


@route(r"/projects/{project}/releases")
def releases(call: Call, project: str) -> Response:
    """Releases, newest first."""
    return listed(call, call.project(project).releases[::-1], payloads.release)


@route(r"/projects/{project}/repository/tags")
def tags(call: Call, project: str) -> Response:
    """Tags, newest first."""
    return listed(call, call.project(project).tags[::-1], payloads.tag)


# Issues.


@route(r"/projects/{project}/issues")
def issues(call: Call, project: str) -> Response:
    """Issues, newest first unless asked otherwise."""
    view = call.project(project)
    keys: dict[str, Callable[[Any], Any]] = {
        "created_at": lambda one: (one.ticket.created_at, one.number),
        "updated_at": lambda one: (one.updated_at, one.number),
    }
    found = ordered(call, updated(call, view.issues, lambda one: one.updated_at), keys, "created_at", "desc")
    is_detailed = call.query.get("with_labels_details") == "true"

    def present(one: Any) -> Payload:
        made = payloads.issue(one, view, call.view)
        return made if is_detailed else {**made, "labels": [label["name"] for label in made["labels"]]}

    return listed(call, found, present)


def _issue(call: Call, project: str, number: int) -> Issue:
    found = call.project(project).issues
    if not 1 <= number <= len(found):
        raise NotFoundError
    return found[number - 1]


@route(r"/projects/{project}/issues/{number:d}/notes")
def notes_of_issue(call: Call, project: str, number: int) -> Response:
    """System notes of an issue."""
    one = _issue(call, project, number)
    return listed(call, issue_notes(one, call.view.now), lambda note: payloads.note(note, one))


@route(r"/projects/{project}/issues/{number:d}/resource_{kind}_events")
def issue_events(call: Call, project: str, number: int, kind: str) -> Response:
    """Events of an issue's labels, states or iterations, of which there are none."""
    if kind not in {"label", "state", "iteration"}:
        raise NotFoundError
    one, now = _issue(call, project, number), call.view.now
    found: list[Payload] = []
    if kind != "iteration":
        found = payloads.label_events(one, now) if kind == "label" else payloads.issue_state_events(one, now)
    return listed(call, found, lambda event: event)
