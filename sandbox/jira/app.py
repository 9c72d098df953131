"""Jira as a whole: who may ask, how often, and what goes wrong on purpose."""

import base64
import json
import time
from http import HTTPStatus
from threading import Lock
from typing import Any

from sandbox.calendar import moment
from sandbox.clock import Clock
from sandbox.faults import Fault, Faults, through
from sandbox.http import Request, Response
from sandbox.jira.endpoints import MESSAGES, Call, RefusedError, answer
from sandbox.jira.view import View
from sandbox.organisation import Organisation
from sandbox.vendor import Scene

FAULT_KINDS = {"401", "403", "404", "429", "exhausted", "duplicates", "loop", "endless", "drift"}
HOUR = 3600


class Jira:
    """The surface; `surface` is what the server calls."""

    def __init__(self, organisation: Organisation, clock: Clock, token: str, hourly_limit: int) -> None:
        self.faults = Faults(FAULT_KINDS)
        self._organisation = organisation
        self._clock = clock
        self._token = token
        self._limit = hourly_limit
        self._spent = 0
        self._hour_ends = time.time() + HOUR
        self._view = View(organisation, clock.now)
        self._lock = Lock()

    @classmethod
    def of(cls, scene: Scene) -> "Jira":
        """Make the surface of a scene."""
        return cls(scene.organisation, scene.clock, scene.token, scene.hourly_limit)

    def expire_tokens(self) -> None:
        """Nothing is issued here: API tokens are good until they are revoked."""

    def surface(self, request: Request) -> Response:
        """Answer a request."""
        fault = self.faults.striking(request)
        return through(fault, lambda: self._answer(request, fault))

    def view(self) -> View:
        """Return the tracker as of now."""
        with self._lock:
            self._clock.tick()
            if self._view.now != self._clock.now:
                self._view = View(self._organisation, self._clock.now)
            return self._view

    def _answer(self, request: Request, fault: Fault | None) -> Response:
        kind = fault.kind if fault else ""
        if fault and kind in {"429", "exhausted"}:
            reason = "jira-burst-based" if kind == "429" else "jira-quota-global-based"
            return self._limited(reason, round(fault.seconds))
        if kind.isdigit():
            return self._refused(int(kind), MESSAGES[int(kind)])
        if not self._is_authenticated(request):
            return self._refused(HTTPStatus.UNAUTHORIZED, MESSAGES[401])
        if not self._may_ask():
            return self._limited("jira-quota-global-based", round(self._hour_ends - time.time()))
        try:
            content = answer(Call(request, self.view(), kind))
        except RefusedError as refusal:
            return self._refused(refusal.status, str(refusal))
        return Response.of_json(drifted(content) if kind == "drift" else content, headers=self._headers())

    def _refused(self, status: int, message: str) -> Response:
        return Response.of_json({"errorMessages": [message], "errors": {}}, status, self._headers())

    # Who may ask, and how often.

    def _is_authenticated(self, request: Request) -> bool:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            value = base64.b64decode(value).decode(errors="replace").partition(":")[2]
        return value == self._token

    def _may_ask(self) -> bool:
        with self._lock:
            if time.time() >= self._hour_ends:
                self._spent, self._hour_ends = 0, time.time() + HOUR
            self._spent += 1
            return self._spent <= self._limit

    def _headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self._limit),
            "X-RateLimit-Remaining": str(max(0, self._limit - self._spent)),
            "X-RateLimit-Reset": moment(round(self._hour_ends)).strftime("%Y-%m-%dT%H:%MZ"),
        }

    def _limited(self, reason: str, seconds: int) -> Response:
        headers = {
            **self._headers(),
            "X-RateLimit-Remaining": "0",
            "RateLimit-Reason": reason,
            "Retry-After": str(seconds),
        }
        return Response.of_json(
            {"errorMessages": ["Rate limit exceeded."]}, HTTPStatus.TOO_MANY_REQUESTS, headers
        )


def drifted(content: Any) -> Any:
    """Change the shape of the first issue or entry: a new field, and a date that is no date."""
    changed = json.loads(json.dumps(content))
    for rows in changed.values() if isinstance(changed, dict) else ():
        if isinstance(rows, list) and rows and isinstance(rows[0], dict):
            rows[0]["introduced_yesterday"] = {"nested": [1, 2]}
            if isinstance(rows[0].get("fields"), dict):
                rows[0]["fields"]["created"] = "soon"
    return changed
