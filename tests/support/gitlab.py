"""A small GitLab made of facts: one project's lists and objects, with GitLab's paging, orders and filters."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote, urlencode

from ingestion.conformance import Request, Response
from ingestion.conformance.surface import presents

TOKEN = "glpat-facts"
API = "/api/v4"
PROJECT = 7
PATH = "acme/shop"
Payload = dict[str, Any]
Lists = dict[str, list[Payload]]

ANN, BEN, CIA, BOT = (
    {"id": number, "username": name, "name": name.title()}
    for number, name in ((1, "ann"), (2, "ben"), (3, "cia.o"), (4, "project_7_bot_1f"))
)
USERS = (ANN, BEN, CIA, BOT)


def at(day: int, hour: int, minute: int = 0, month: int = 1) -> str:
    """An instant of the story, as GitLab writes it."""
    return f"2026-{month:02}-{day:02}T{hour:02}:{minute:02}:00.250Z"


def note(
    number: int, when: str, author: Payload, body: str, *, is_system: bool = True, **more: Any
) -> Payload:
    """A note on a merge request or an issue."""
    return {
        "id": number,
        "type": None,
        "body": body,
        "author": author,
        "created_at": when,
        "system": is_system,
        **more,
    }


def merge_request(number: int, updated_at: str, **changes: Any) -> Payload:
    """A merge request of ann's, opened on the day of its number."""
    return {
        "id": 700 + number,
        "iid": number,
        "title": f"Change {number}",
        "description": "",
        "state": "opened",
        "draft": False,
        "author": ANN,
        "created_at": at(number, 9),
        "updated_at": updated_at,
        "merged_at": None,
        "closed_at": None,
        "merge_user": None,
        "closed_by": None,
        "target_branch": "main",
        "source_branch": f"change-{number}",
        "sha": f"{number}" * 40,
        "merge_commit_sha": None,
        "squash_commit_sha": None,
        "detailed_merge_status": "mergeable",
        **changes,
    }


def commit(sha: str, when: str, email: str = "ann@acme.example", message: str = "work") -> Payload:
    """A commit of a merge request."""
    return {
        "id": sha,
        "message": message,
        "author_name": "Ann",
        "author_email": email,
        "authored_date": when,
        "committed_date": when,
    }


def pipeline(number: int, updated_at: str, **changes: Any) -> Payload:
    """A pipeline of merge request 1."""
    return {
        "id": number,
        "iid": number - 900,
        "sha": "1" * 40,
        "ref": "refs/merge-requests/1/head",
        "status": "success",
        "source": "merge_request_event",
        "created_at": updated_at,
        "updated_at": updated_at,
        "started_at": updated_at,
        "finished_at": updated_at,
        "duration": 60,
        "coverage": "71.50",
        "user": ANN,
        **changes,
    }


def job(number: int, of_pipeline: int, name: str, when: str, **changes: Any) -> Payload:
    """A try of a job that waited 30 seconds and ran a minute."""
    return {
        "id": number,
        "name": name,
        "stage": "test",
        "ref": "refs/merge-requests/1/head",
        "status": "success",
        "allow_failure": False,
        "created_at": when,
        "started_at": when.replace(":00.250", ":30.250"),
        "finished_at": when.replace(":00.250", ":59.250"),
        "duration": 29.0,
        "queued_duration": 30.0,
        "failure_reason": None,
        "tag_list": ["small", "linux"],
        "runner": {"id": 5},
        "user": ANN,
        "pipeline": {"id": of_pipeline, "sha": "1" * 40},
        **changes,
    }


def deployment(number: int, updated_at: str, **changes: Any) -> Payload:
    """A deployment to production that needed an approval."""
    return {
        "id": number,
        "iid": number - 300,
        "ref": "main",
        "sha": "a" * 40,
        "status": "success",
        "created_at": at(2, 9),
        "updated_at": updated_at,
        "user": BOT,
        "environment": {"id": 41, "name": "production"},
        "deployable": {"id": 9000 + number, "started_at": at(2, 11), "finished_at": at(2, 11, 5)},
        "pending_approval_count": 0,
        "approvals": [{"user": CIA, "status": "approved", "created_at": at(2, 10), "comment": "go"}],
        **changes,
    }


def issue(number: int, updated_at: str, **changes: Any) -> Payload:
    """An issue that is being worked on."""
    return {
        "id": 500 + number,
        "iid": number,
        "project_id": PROJECT,
        "title": f"Issue {number}",
        "description": "",
        "state": "opened",
        "issue_type": "issue",
        "labels": [
            {"id": 61, "name": "workflow::in dev"},
            {"id": 62, "name": "type::bug"},
            {"id": 63, "name": "x"},
        ],
        "author": BEN,
        "assignees": [ANN],
        "due_date": "2026-02-01",
        "created_at": at(1, 8),
        "updated_at": updated_at,
        "closed_at": None,
        **changes,
    }


def label_event(number: int, when: str, name: str, action: str = "add") -> Payload:
    """A label that came or went."""
    return {
        "id": number,
        "user": ANN,
        "created_at": when,
        "label": {"id": 61, "name": name},
        "action": action,
    }


def first_lists() -> Lists:
    """The lists below the project, by path, as they are on 31 January."""
    lists: Lists = {
        "/members/all": [ANN, BEN],
        "/approval_rules": [{"id": 1, "approvals_required": 2, "protected_branches": []}],
        "/merge_requests": [
            merge_request(
                1,
                at(2, 12),
                state="merged",
                merged_at=at(2, 12),
                merge_user=BEN,
                merge_commit_sha="a" * 40,
                description="Closes #1\n\nThis reverts merge request !9",
            ),
            merge_request(2, at(3, 12)),
            merge_request(3, at(4, 12), state="closed", closed_at=at(4, 12), closed_by=ANN),
        ],
        "/merge_requests/1/notes": [
            note(14, at(2, 11), BEN, "approved this merge request"),
            note(13, at(2, 10), CIA, "Why is this here?", is_system=False, type="DiffNote"),
            note(12, at(1, 10), ANN, "requested review from @ben and @cia.o"),
            note(11, at(1, 9, 30), ANN, "hat den Titel geändert"),
        ],
        "/merge_requests/1/resource_state_events": [
            {"id": 21, "user": BEN, "created_at": at(2, 12), "state": "merged"}
        ],
        "/merge_requests/1/versions": [
            {"id": 32, "head_commit_sha": "1" * 40, "created_at": at(2, 9)},
            {"id": 31, "head_commit_sha": "0" * 40, "created_at": at(1, 9)},
        ],
        "/merge_requests/1/commits": [commit("1" * 40, at(2, 8)), commit("0" * 40, at(1, 8))],
        "/merge_requests/1/diffs": [
            {"new_path": "a.py", "diff": "@@ -1 +1,2 @@\n-old\n+new\n+newer\n"},
            {"new_path": "b.bin", "diff": "", "too_large": True},
        ],
        "/merge_requests/1/closes_issues": [issue(1, at(2, 12))],
        "/merge_trains": [
            {
                "id": 81,
                "merge_request": {"id": 701, "iid": 1},
                "user": BEN,
                "status": "merged",
                "created_at": at(2, 11, 30),
                "merged_at": at(2, 12),
            }
        ],
        "/pipelines": [pipeline(901, at(1, 10)), pipeline(902, at(2, 10)), pipeline(903, at(3, 10))],
        "/jobs": [
            job(1003, 903, "unit", at(3, 10)),
            job(1002, 902, "unit", at(2, 10)),
            job(1001, 901, "unit", at(1, 10)),
        ],
        "/environments": [{"id": 41, "name": "production", "tier": "production", "state": "available"}],
        "/deployments": [deployment(301, at(2, 11, 5)), deployment(302, at(3, 11, 5))],
        "/releases": [
            {"tag_name": "v1", "created_at": at(3, 9), "released_at": at(3, 9), "commit": {"id": "a" * 40}},
            {"tag_name": "v2", "created_at": at(4, 9), "released_at": at(4, 9), "commit": {"id": "b" * 40}},
        ],
        "/repository/tags": [
            {"name": "v1", "commit": {"id": "a" * 40, "created_at": at(3, 9)}, "created_at": None},
            {"name": "v2", "commit": {"id": "b" * 40, "created_at": at(4, 9)}, "created_at": None},
        ],
        "/issues": [issue(1, at(2, 12)), issue(2, at(3, 12)), issue(3, at(4, 12))],
        "/issues/1/resource_label_events": [label_event(91, at(1, 12), "workflow::in dev")],
        "/issues/1/resource_state_events": [
            {"id": 95, "user": BEN, "created_at": at(2, 12), "state": "closed"}
        ],
        "/issues/1/notes": [
            note(92, at(1, 12), BEN, "assigned to @ann"),
            note(93, at(1, 13), ANN, "assigned to @ben and unassigned @ann"),
        ],
        "/issues/1/resource_iteration_events": [
            {"id": 97, "user": BEN, "created_at": at(1, 12), "iteration": {"id": 70}, "action": "add"}
        ],
    }
    kinds = ("notes", "resource_state_events", "versions", "commits", "diffs", "closes_issues")
    for row in lists["/merge_requests"]:
        for kind in kinds:
            lists.setdefault(f"/merge_requests/{row['iid']}/{kind}", [])
    for row in lists["/issues"]:
        for kind in ("label", "state", "iteration"):
            lists.setdefault(f"/issues/{row['iid']}/resource_{kind}_events", [])
        lists.setdefault(f"/issues/{row['iid']}/notes", [])
    return lists


def with_children(lists: Lists, number: int) -> None:
    """Let a merge request have the empty lists that every one has."""
    for kind in ("notes", "resource_state_events", "versions", "commits", "diffs", "closes_issues"):
        lists.setdefault(f"/merge_requests/{number}/{kind}", [])


class FakeGitLab:
    """A surface over such lists, to be changed in place; `requests` are those that came.

    Attributes:
        lists: by path below the project; what is not there is not found.
        refused: paths below the project that answer 403.
        project: GitLab's words about the project.
    """

    def __init__(self, lists: Lists | None = None) -> None:
        self.lists = first_lists() if lists is None else copy.deepcopy(lists)
        self.refused: set[str] = set()
        self.requests: list[str] = []
        self.approvals: dict[int, list[Payload]] = {1: [{"user": BEN, "approved_at": at(2, 11)}]}
        self.users = {user["id"]: {**user, "bot": user is BOT, "public_email": ""} for user in USERS}
        self.users[1]["public_email"] = "ann@acme.example"
        self.project: Payload = {
            "id": PROJECT,
            "path_with_namespace": PATH,
            "default_branch": "main",
            "archived": False,
            "only_allow_merge_if_pipeline_succeeds": True,
            "created_at": at(1, 1),
        }

    def __call__(self, request: Request) -> Response:
        """Answer a request."""
        path = request.path.removeprefix(API)
        self.requests.append(path)
        if not presents({"token": request.headers.get("private-token", "")}, TOKEN):
            return Response.of_json({"message": "401 Unauthorized"}, 401)
        _, kind, *below = path.split("/", 3)
        if kind == "projects" and below and unquote(below[0]) in (PATH, str(PROJECT)):
            return self._below(request, "/" + below[1] if len(below) > 1 else "")
        if kind == "users":
            return self._user(request, below)
        if path == f"/groups/{PATH.partition('/')[0]}/projects":
            return _page(request, [self.project])
        if path == "/personal_access_tokens/self":
            return Response.of_json({"scopes": ["read_api"]})
        return _missing()

    def _user(self, request: Request, below: Sequence[str]) -> Response:
        if below:
            user = self.users.get(int(below[0]))
            return Response.of_json(user) if user else _missing()
        name = request.query.get("username")
        return _page(request, [user for user in self.users.values() if user["username"] == name])

    def _below(self, request: Request, path: str) -> Response:
        if path in self.refused:
            return Response.of_json({"message": "403 Forbidden"}, 403)
        if not path:
            return Response.of_json(self.project)
        if path in self.lists:
            return _page(request, _ordered(self.lists[path], request.query))
        kind, _, number = path.strip("/").partition("/")
        if path.endswith("/approvals"):
            given = self.approvals.get(int(path.split("/")[2]), [])
            return Response.of_json({"approved_by": given})
        if path.endswith("/jobs"):
            wanted = int(number.partition("/")[0])
            return _page(request, [one for one in self.lists["/jobs"] if one["pipeline"]["id"] == wanted])
        rows = self.lists.get(f"/{kind}", []) if kind in ("pipelines", "deployments") else []
        found = [row for row in rows if str(row["id"]) == number]
        return Response.of_json(found[0]) if found else _missing()


def _missing() -> Response:
    return Response.of_json({"message": "404 Not Found"}, 404)


def _ordered(rows: Sequence[Payload], query: Mapping[str, str]) -> list[Payload]:
    """GitLab's filter by last update, and its orders."""
    after = query.get("updated_after", "")
    found = [row for row in rows if not after or (row["updated_at"] or "") >= after]
    if query.get("order_by") == "updated_at":
        found.sort(key=lambda row: row["updated_at"] or "", reverse=query.get("sort") == "desc")
    return found


def _page(request: Request, rows: Sequence[Payload]) -> Response:
    size, number = int(request.query.get("per_page", 20)), int(request.query.get("page", 1))
    headers = {"X-Total": str(len(rows))}
    if number * size < len(rows):
        url = f"{request.origin}{request.path}?{urlencode({**request.query, 'page': number + 1})}"
        headers["Link"] = f'<{url}>; rel="next"'
    return Response.of_json(list(rows)[(number - 1) * size : number * size], headers=headers)
