"""GitLab as a whole: who may ask, how often, and what goes wrong on purpose."""

import base64
import json
import time
from collections.abc import Mapping
from http import HTTPStatus
from threading import Lock

from sandbox.faults import Fault, Faults, through
from sandbox.gitlab import rest
from sandbox.gitlab.view import View
from sandbox.http import Request, Response
from sandbox.smart_git import SmartGit
from sandbox.vendor import Scene

API = "/api/v4"
FAULT_KINDS = {"401", "403", "404", "429", "drift", "duplicates"}
HOUR = 3600
MESSAGES = {401: "401 Unauthorized", 403: "403 Forbidden", 404: "404 Not Found"}


class GitLab:
    """The surface; `surface` is what the server calls."""

    def __init__(self, scene: Scene) -> None:
        self.faults = Faults(FAULT_KINDS)
        self._scene = scene
        self._git = SmartGit(scene.mirrors.path)
        self._view = View(scene.organisation, scene.clock.now)
        self._lock = Lock()
        self._left, self._resets_at = scene.hourly_limit, time.time() + HOUR

    @classmethod
    def of(cls, scene: Scene) -> "GitLab":
        """Make the surface of a scene, with the git repositories behind it."""
        return cls(scene)

    def expire_tokens(self) -> None:
        """Access tokens last as long as the sandbox."""

    def surface(self, request: Request) -> Response:
        """Answer a request."""
        if self._git.is_asked(request):
            return self._refused_without_token(request) or self._git.answer(request)
        fault = self.faults.striking(request)
        return through(fault, lambda: self._answer(request, fault))

    def view(self) -> View:
        """Return the history as of now."""
        with self._lock:
            clock = self._scene.clock
            clock.tick()
            if self._view.now != clock.now:
                self._view = View(self._scene.organisation, clock.now)
            return self._view

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        kind = fault.kind if fault else ""
        if fault and kind.isdigit():
            return too_many(round(fault.seconds)) if kind == "429" else error(int(kind))
        if refusal := self._refused_without_token(request):
            return refusal
        limits = self._limits()
        if limits is None:
            return too_many(max(1, round(self._resets_at - time.time())))
        response = self._found(request, overlap=int(kind == "duplicates"))
        if kind == "drift":
            response.body = drifted(response.body)
        response.headers |= limits
        return response

    def _found(self, request: Request, overlap: int) -> Response:
        """Return what the endpoint answers, or why it does not."""
        if request.method not in {"GET", "HEAD"}:
            return error(HTTPStatus.NOT_FOUND)
        try:
            return rest.answer(rest.Call(request, self.view(), overlap), API)
        except rest.NotFoundError as problem:
            return error(HTTPStatus.NOT_FOUND, what=str(problem))
        except rest.ForbiddenError:
            return error(HTTPStatus.FORBIDDEN)
        except ValueError as problem:
            return Response.of_json({"error": str(problem)}, HTTPStatus.BAD_REQUEST)

    def _refused_without_token(self, request: Request) -> Response | None:
        if token_in(request) == self._scene.token:
            return None
        is_git = self._git.is_asked(request)
        return error(HTTPStatus.UNAUTHORIZED, {"WWW-Authenticate": 'Basic realm="GitLab"'} if is_git else {})

    def _limits(self) -> dict[str, str] | None:
        """Take one request off the budget; GitLab's headers about it, None where none is left."""
        with self._lock:
            now = time.time()
            if now >= self._resets_at:
                self._left, self._resets_at = self._scene.hourly_limit, now + HOUR
            if self._left == 0:
                return None
            self._left -= 1
            limit = self._scene.hourly_limit
            return {
                "RateLimit-Limit": str(limit),
                "RateLimit-Observed": str(limit - self._left),
                "RateLimit-Remaining": str(self._left),
                "RateLimit-Reset": str(int(self._resets_at)),
            }


def token_in(request: Request) -> str:
    """Return the token, wherever GitLab accepts it."""
    if token := request.headers.get("private-token"):
        return token
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return base64.b64decode(value).decode(errors="replace").partition(":")[2]
    return value


def error(status: int, headers: Mapping[str, str] | None = None, what: str = "") -> Response:
    """Make an error answer in GitLab's shape."""
    message = f"404 {what} Not Found" if what else MESSAGES[int(status)]
    return Response.of_json({"message": message}, status, headers=headers or {})


def too_many(seconds: int) -> Response:
    """Make the refusal of a limit, which is plain text."""
    headers = {"Content-Type": "text/plain", "Retry-After": str(seconds), "RateLimit-Remaining": "0"}
    return Response(HTTPStatus.TOO_MANY_REQUESTS, b"Retry later\n", headers)


def drifted(body: bytes) -> bytes:
    """Change the shape of the first object of a list: a new field, and a date that is no date."""
    content = json.loads(body)
    if isinstance(content, list) and content:
        content[0]["introduced_yesterday"] = {"nested": [1, 2]}
        if "created_at" in content[0]:
            content[0]["created_at"] = "soon"
    return json.dumps(content).encode()
