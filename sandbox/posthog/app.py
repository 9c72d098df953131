"""PostHog as a whole: who may ask, what goes wrong on purpose, and the few endpoints that are read."""

import re
from collections.abc import Sequence
from http import HTTPStatus
from threading import Lock
from typing import Any
from urllib.parse import urlencode

from sandbox.faults import Fault, Faults, through
from sandbox.http import Request, Response
from sandbox.posthog import payloads
from sandbox.posthog.export import Export
from sandbox.vendor import Scene

PROJECT = "4711"
DEFAULT_PAGE = 100
FAULT_KINDS = {"401", "403", "429", "drift", "duplicates"}
ERRORS = {
    HTTPStatus.UNAUTHORIZED: ("authentication_error", "authentication_failed", "Invalid personal API key."),
    HTTPStatus.FORBIDDEN: ("authentication_error", "permission_denied", "API key missing required scope."),
    HTTPStatus.NOT_FOUND: ("invalid_request", "not_found", "Not found."),
    HTTPStatus.TOO_MANY_REQUESTS: ("throttled_error", "throttled", "Request was throttled."),
}


class PostHog:
    """The surface; the export keeps pace with the clock of its requests."""

    def __init__(self, scene: Scene) -> None:
        self.faults = Faults(FAULT_KINDS)
        self._scene = scene
        self._export = Export(scene.organisation, scene.folder)
        self._lock = Lock()

    @classmethod
    def of(cls, scene: Scene) -> "PostHog":
        """Make the surface of a scene."""
        return cls(scene)

    def expire_tokens(self) -> None:
        """No token is issued here."""

    def surface(self, request: Request) -> Response:
        """Answer a request."""
        with self._lock:
            self._scene.clock.tick()
            self._export.write_until(self._scene.clock.now)
        fault = self.faults.striking(request)
        return through(fault, lambda: self._answer(request, fault))

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        kind = fault.kind if fault else ""
        if fault and kind.isdigit():
            headers = {"Retry-After": str(round(fault.seconds))} if kind == "429" else {}
            return error(HTTPStatus(int(kind)), headers)
        if request.headers.get("authorization") != f"Bearer {self._scene.token}":
            return error(HTTPStatus.UNAUTHORIZED)
        match = re.fullmatch(
            rf"/api/projects/{PROJECT}/feature_flags/((?:\d+/)?)((?:activity/)?)", request.path
        )
        if match is None or request.method != "GET":
            return error(HTTPStatus.NOT_FOUND)
        flag, log = match[1].strip("/"), match[2]
        overlap = int(kind == "duplicates")
        if log:
            entries = [each for each in payloads.activity(self._scene) if flag in {"", each["item_id"]}]
            return _numbered(request, entries, overlap)
        flags = payloads.flags(self._scene)
        if not flag:
            return _offset(request, payloads.drifted(flags) if kind == "drift" else flags, overlap)
        found = [each for each in flags if str(each["id"]) == flag]
        return Response.of_json(found[0]) if found else error(HTTPStatus.NOT_FOUND)


def _offset(request: Request, rows: Sequence[Any], overlap: int) -> Response:
    """A page by limit and offset."""
    limit, offset = int(request.query.get("limit", DEFAULT_PAGE)), int(request.query.get("offset", 0))
    following = {"limit": limit, "offset": offset + limit} if offset + limit < len(rows) else None
    return _page(request, "count", rows, max(0, offset - overlap), offset + limit, following)


def _numbered(request: Request, rows: Sequence[Any], overlap: int) -> Response:
    """A page by number."""
    limit, page = int(request.query.get("limit", 10)), int(request.query.get("page", 1))
    following = {"limit": limit, "page": page + 1} if page * limit < len(rows) else None
    return _page(request, "total_count", rows, max(0, (page - 1) * limit - overlap), page * limit, following)


def _page(  # noqa: PLR0917 - two callers, side by side
    request: Request,
    counted: str,
    rows: Sequence[Any],
    start: int,
    end: int,
    following: dict[str, int] | None,
) -> Response:
    address = f"{request.origin}{request.path}?{urlencode(following)}" if following else None
    content = {counted: len(rows), "next": address, "previous": None, "results": rows[start:end]}
    return Response.of_json(content)


def error(status: HTTPStatus, headers: dict[str, str] | None = None) -> Response:
    """Make an error answer in PostHog's shape."""
    kind, code, detail = ERRORS[status]
    return Response.of_json({"type": kind, "code": code, "detail": detail, "attr": None}, status, headers)
