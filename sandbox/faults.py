"""What can be made to go wrong between a vendor and its reader, switched on and off while the server runs.

A fault names its kind, which requests it meets (`match`, a regular expression on path and query) and how
often (`every` n-th of them, `after` some, at most `count`). The kinds that depend on the vendor's own error
format are given to its surface by name; those of the transport are applied here.
"""

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from http import HTTPStatus
from threading import Lock
from typing import Any

from sandbox.http import Request, Response

TRANSPORT_KINDS = {"500", "502", "503", "truncate", "slow", "html"}
HTML_ERROR = b"<html><head><title>Bad gateway</title></head><body><h1>Bad gateway</h1></body></html>"


class FaultError(ValueError):
    """A fault that does not exist."""


@dataclass(slots=True)
class Fault:
    """One rule; `seconds` is the delay or the time to wait that the vendor names."""

    kind: str
    match: str = ""
    every: int = 1
    after: int = 0
    count: int | None = None
    seconds: float = 1.0
    seen: int = 0
    done: int = 0

    def strikes(self, target: str) -> bool:
        """Whether this request is hit; counts it."""
        if not re.search(self.match, target):
            return False
        self.seen += 1
        is_due = self.seen > self.after and (self.seen - self.after) % self.every == 0
        if not is_due or (self.count is not None and self.done >= self.count):
            return False
        self.done += 1
        return True


class Faults:
    """The faults that are switched on."""

    def __init__(self, vendor_kinds: set[str]) -> None:
        self._kinds = TRANSPORT_KINDS | vendor_kinds
        self._faults: list[Fault] = []
        self._lock = Lock()
        self._random = random.Random(0)  # noqa: S311

    def replace(self, rules: list[Mapping[str, Any]]) -> None:
        """Switch on exactly these; raises FaultError for an unknown kind or key."""
        known = {item.name for item in fields(Fault)} - {"seen", "done"}
        for rule in rules:
            if rule.get("kind") not in self._kinds or not set(rule) <= known:
                raise FaultError(f"no such fault: {dict(rule)}; kinds are {', '.join(sorted(self._kinds))}")
        with self._lock:
            self._faults = [Fault(**rule) for rule in rules]

    def described(self) -> list[dict[str, Any]]:
        """Return the faults with how often each struck."""
        return [{item.name: getattr(fault, item.name) for item in fields(Fault)} for fault in self._faults]

    def striking(self, request: Request) -> Fault | None:
        """Return the first fault that hits this request, if any."""
        target = request.path + "?" + "&".join(f"{name}={value}" for name, value in request.query.items())
        with self._lock:
            return next((fault for fault in self._faults if fault.strikes(target)), None)


def through(fault: Fault | None, answer: Callable[[], Response]) -> Response:
    """Return the answer as it arrives under a fault of the transport (or under none)."""
    if fault is None or fault.kind not in TRANSPORT_KINDS:
        return answer()
    if fault.kind in {"500", "502", "503"}:
        return Response(HTTPStatus(int(fault.kind)), HTML_ERROR, {"Content-Type": "text/html"})
    if fault.kind == "html":
        return Response(HTTPStatus.OK, HTML_ERROR, {"Content-Type": "text/html"})
    response = answer()
    if fault.kind == "slow":
        response.delay_seconds = fault.seconds
    else:
        response.cut_after = len(response.body) // 2
    return response
