"""PagerDuty as a whole: who may ask, how often in a minute, what goes wrong on purpose."""

import json
import time
from http import HTTPStatus
from threading import Lock

from sandbox.faults import Fault, Faults, through
from sandbox.http import Request, Response
from sandbox.pagerduty import rest
from sandbox.vendor import Scene

FAULT_KINDS = {"401", "404", "429", "drift", "duplicates"}
REQUESTS_A_MINUTE = 960
MINUTE = 60
ERRORS = {
    HTTPStatus.BAD_REQUEST: (2001, "Invalid Input Provided"),
    HTTPStatus.UNAUTHORIZED: (2006, "Authentication failed"),
    HTTPStatus.NOT_FOUND: (2100, "Not Found"),
    HTTPStatus.TOO_MANY_REQUESTS: (2020, "Rate Limit Exceeded"),
}


class PagerDuty:
    """The surface; `surface` is what the server calls."""

    def __init__(self, scene: Scene) -> None:
        self.faults = Faults(FAULT_KINDS)
        self._scene = scene
        self._limit = max(1, min(REQUESTS_A_MINUTE, scene.hourly_limit // MINUTE))
        self._left, self._full_at = self._limit, 0.0
        self._lock = Lock()

    @classmethod
    def of(cls, scene: Scene) -> "PagerDuty":
        """Make the surface of a scene."""
        return cls(scene)

    def expire_tokens(self) -> None:
        """No token is issued here."""

    def surface(self, request: Request) -> Response:
        """Answer a request."""
        fault = self.faults.striking(request)
        return through(fault, lambda: self._answer(request, fault))

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        kind = fault.kind if fault else ""
        if fault and kind.isdigit():
            wait = {"Retry-After": str(round(fault.seconds)), "ratelimit-reset": str(round(fault.seconds))}
            return error(HTTPStatus(int(kind)), **({"headers": wait} if kind == "429" else {}))
        headers = self._spend()
        if headers is None:
            reset = str(round(self._full_at - time.monotonic()) + 1)
            return error(
                HTTPStatus.TOO_MANY_REQUESTS,
                headers={
                    "ratelimit-limit": str(self._limit),
                    "ratelimit-remaining": "0",
                    "ratelimit-reset": reset,
                },
            )
        if not self._is_known(request):
            return error(HTTPStatus.UNAUTHORIZED, headers=headers)
        try:
            self._scene.clock.tick()
            content = rest.answer(request, self._scene, overlap=int(kind == "duplicates"))
        except rest.NotFoundError:
            return error(HTTPStatus.NOT_FOUND, headers=headers)
        except ValueError as problem:
            return error(HTTPStatus.BAD_REQUEST, str(problem), headers=headers)
        if kind == "drift":
            content = rest.drifted(content)
        return Response(
            HTTPStatus.OK, json.dumps(content).encode(), {"Content-Type": "application/json", **headers}
        )

    def _is_known(self, request: Request) -> bool:
        given = request.headers.get("authorization", "")
        return given in {f"Token token={self._scene.token}", f"Bearer {self._scene.token}"}

    def _spend(self) -> dict[str, str] | None:
        """Take a request off the minute's budget and tell what is left; None where nothing was."""
        with self._lock:
            now = time.monotonic()
            if now >= self._full_at:
                self._left, self._full_at = self._limit, now + MINUTE
            if not self._left:
                return None
            self._left -= 1
            return {
                "ratelimit-limit": str(self._limit),
                "ratelimit-remaining": str(self._left),
                "ratelimit-reset": str(round(self._full_at - now)),
            }


def error(status: HTTPStatus, *details: str, headers: dict[str, str] | None = None) -> Response:
    """Make an error answer in PagerDuty's shape."""
    code, message = ERRORS[status]
    content = {"code": code, "message": message, **({"errors": list(details)} if details else {})}
    return Response.of_json({"error": content}, status, headers)
