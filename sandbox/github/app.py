"""GitHub as a whole: who may ask, how often, what goes wrong on purpose, and which API answers."""

import base64
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from threading import Lock
from typing import Any

from sandbox.calendar import isoformat
from sandbox.faults import Fault, Faults, through
from sandbox.github import payloads, rest
from sandbox.github.graph import GraphApi
from sandbox.github.limits import HOUR, Budget
from sandbox.github.view import View
from sandbox.http import Request, Response
from sandbox.smart_git import SmartGit
from sandbox.vendor import Scene

FAULT_KINDS = {"401", "403", "404", "429", "451", "exhausted", "errors", "partial", "drift", "duplicates"}
GENEROUS = 1_000_000
MESSAGES = {
    401: "Bad credentials",
    404: "Not Found",
    429: "You have exceeded a secondary rate limit.",
    403: "You have exceeded a secondary rate limit. Please wait a few minutes before you try again.",
    451: "Repository access blocked",
}


class GitHub:
    """The surface; `surface` is what the server calls."""

    def __init__(self, scene: Scene) -> None:
        self.faults = Faults(FAULT_KINDS)
        self._history = scene.history
        self._clock = scene.clock
        self._token = scene.token
        self._git = SmartGit(scene.mirrors.path)
        self._limit = scene.hourly_limit
        self._budgets: dict[tuple[str, str], Budget] = {}
        self._issued: dict[str, float] = {}
        self._viewer = scene.organisation.release_bot
        self._graph = GraphApi(scene.history, self._viewer)
        self._view = View(scene.history, scene.clock.now)
        self._lock = Lock()

    def expire_tokens(self) -> None:
        """Let every installation token that was issued be worthless from now on."""
        self._issued = dict.fromkeys(self._issued, 0.0)

    def surface(self, request: Request) -> Response:
        """Answer a request."""
        if self._git.is_asked(request):
            return self._with_token(request) or self._git.answer(request)
        fault = self.faults.striking(request)
        return through(fault, lambda: self._answer(request, fault))

    def view(self) -> View:
        """Return the history as of now."""
        with self._lock:
            self._clock.tick()
            if self._view.now != self._clock.now:
                self._view = View(self._history, self._clock.now)
            return self._view

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        kind = fault.kind if fault else ""
        if fault and (kind.isdigit() or kind == "exhausted"):
            return _refused(fault)
        if request.path.endswith("/access_tokens") and request.method == "POST":
            return self._issue()
        if refusal := self._with_token(request):
            return refusal
        if request.path.endswith("/rate_limit"):
            return self._rate_limit(request)
        if request.path.endswith("/graphql"):
            return self._graphql(request, kind)
        return self._rest(request, kind)

    # Tokens and budgets.

    def _with_token(self, request: Request) -> Response | None:
        """Return a refusal unless the request carries a good token."""
        token = _token_in(request)
        if token == self._token or self._issued.get(token, 0.0) > time.time():
            return None
        headers = {"WWW-Authenticate": 'Basic realm="GitHub"'} if self._git.is_asked(request) else {}
        return error(HTTPStatus.UNAUTHORIZED, MESSAGES[401], headers)

    def _issue(self) -> Response:
        """Issue an installation token that is good for an hour."""
        token = f"ghs_SANDBOX{len(self._issued)}_{'x' * 60}"
        self._issued[token] = time.time() + HOUR
        content = {
            "token": token,
            "expires_at": isoformat(int(time.time()) + HOUR),
            "repository_selection": "all",
            "permissions": {
                "actions": "read",
                "contents": "read",
                "deployments": "read",
                "metadata": "read",
                "pull_requests": "read",
            },
        }
        return Response.of_json(content, HTTPStatus.CREATED)

    def _budget(self, request: Request, resource: str) -> Budget:
        key = (_token_in(request), resource)
        with self._lock:
            return self._budgets.setdefault(key, Budget(self._limit, resource))

    def _rate_limit(self, request: Request) -> Response:
        core, graphql = self._budget(request, "core"), self._budget(request, "graphql")
        resources = {
            "core": core.described(),
            "graphql": graphql.described(),
            "search": Budget(30, "search").described(),
        }
        return Response.of_json({"resources": resources, "rate": core.described()}, headers=core.headers())

    # The two APIs.

    def _rest(self, request: Request, kind: str) -> Response:
        budget = self._budget(request, "core")
        if not budget.take():
            return error(HTTPStatus.FORBIDDEN, "API rate limit exceeded for installation.", budget.headers())
        if request.method not in {"GET", "HEAD"}:
            return error(HTTPStatus.NOT_FOUND, MESSAGES[404], budget.headers())
        try:
            call = rest.Call(request, self.view(), self._viewer, overlap=int(kind == "duplicates"))
            response = rest.answer(call)
        except rest.NotFoundError:
            return error(HTTPStatus.NOT_FOUND, MESSAGES[404], budget.headers())
        except ValueError as problem:
            return error(HTTPStatus.UNPROCESSABLE_ENTITY, f"Validation Failed: {problem}", budget.headers())
        if kind == "drift":
            response.body = drifted(response.body)
        return _with_validators(request, response, budget)

    def _graphql(self, request: Request, kind: str) -> Response:
        budget = self._budget(request, "graphql")
        try:
            asked = request.json()
            query, variables = asked["query"], asked.get("variables") or {}
        except (ValueError, KeyError, TypeError):
            return error(HTTPStatus.BAD_REQUEST, "Problems parsing JSON", budget.headers())
        if kind == "errors":
            message = "Something went wrong while executing your query."
            return Response.of_json(
                {"data": None, "errors": [{"message": message}]}, headers=budget.headers()
            )
        answer = self._graph.answer(self.view(), query, variables, budget)
        if kind == "partial":
            answer = partial(answer)
        response = Response.of_json(answer, headers=budget.headers())
        if kind == "drift":
            response.body = drifted(response.body)
        return response


def _token_in(request: Request) -> str:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return base64.b64decode(value).decode(errors="replace").partition(":")[2]
    return value


def _with_validators(request: Request, response: Response, budget: Budget) -> Response:
    """Add limits and the entity tag; an unchanged answer is 304 and costs nothing."""
    tag = payloads.etag(response.body)
    if request.headers.get("if-none-match") == tag:
        budget.remaining += 1
        return Response(HTTPStatus.NOT_MODIFIED, b"", {"ETag": tag, **budget.headers()})
    response.headers |= {"ETag": tag, "X-GitHub-Media-Type": "github.v3; format=json", **budget.headers()}
    return response


def error(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """Make an error answer in GitHub's shape."""
    content = {"message": message, "documentation_url": rest.DOCUMENTATION, "status": str(int(status))}
    return Response.of_json(content, status, headers)


def _refused(fault: Fault) -> Response:
    """Make the vendor's own refusal for a fault."""
    if fault.kind == "exhausted":
        budget = Budget(5000, "core")
        budget.remaining, budget.resets_at = 0, int(time.time() + fault.seconds)
        return error(HTTPStatus.FORBIDDEN, "API rate limit exceeded for installation.", budget.headers())
    status = int(fault.kind)
    headers = {"Retry-After": str(round(fault.seconds))} if status in {403, 429} else {}
    return error(status, MESSAGES[status], headers)


def partial(answer: dict[str, Any]) -> dict[str, Any]:
    """Null the last node of the first list found, and say that resources ran out."""
    path: list[str | int] = []
    place: Any = answer.get("data")
    while isinstance(place, dict) and place:
        name = "nodes" if "nodes" in place else next(iter(place))
        path.append(name)
        place = place[name]
    if isinstance(place, list) and place:
        path.append(len(place) - 1)
        place[-1] = None
    problem = {
        "type": "RESOURCE_LIMITS_EXCEEDED",
        "message": "Resource limits for this query exceeded.",
        "path": path,
    }
    return {**answer, "errors": [*answer.get("errors", []), problem]}


def drifted(body: bytes) -> bytes:
    """Change the shape of the first object of a list: a new field, and a date that is no date."""
    content = json.loads(body)
    rows = content
    while isinstance(rows, dict) and rows:
        rows = next((value for value in rows.values() if isinstance(value, list | dict)), None)
    if isinstance(rows, list) and rows and isinstance(rows[0], dict):
        rows[0]["introduced_yesterday"] = {"nested": [1, 2]}
        for name in ("created_at", "createdAt", "timestamp"):
            if name in rows[0]:
                rows[0][name] = "soon"
    return json.dumps(content).encode()
