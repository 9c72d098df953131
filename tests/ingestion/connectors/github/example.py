"""A small GitHub for the conformance suite: acme/search of the fake, minutes later, less a release."""

from __future__ import annotations

import atexit
import copy
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from support.github import TOKEN, FakeGitHub

from ingestion.conformance import Example, Request, Response, State, Surface
from ingestion.connectors.github import CONNECTOR

REPOSITORY = "acme/search"
MINUTES_LATER = "2026-09-15T12:05:00Z"


@cache
def fake() -> FakeGitHub:
    """The facts with their shas; its own server stays idle."""
    folder = tempfile.TemporaryDirectory(prefix="flowgauge-github-")
    atexit.register(folder.cleanup)
    return FakeGitHub(Path(folder.name))


def organisation(state: State) -> dict[str, Any]:
    """The facts of a state."""
    facts = copy.deepcopy(fake().organisation)
    repository = facts["repositories"][REPOSITORY]
    if state != "first":
        changed = repository["pull_requests"][-1]
        changed["updated_at"] = MINUTES_LATER
        changed["timeline"].append(
            {
                "id": "E_later",
                "type": "ReviewRequestedEvent",
                "created_at": MINUTES_LATER,
                "actor": "alice",
                "reviewer": "bob",
            }
        )
    if state == "pruned":
        repository["releases"].clear()
        repository["activity"].pop()
    return facts


def surface(state: State) -> Surface:
    """GitHub's REST and GraphQL APIs."""
    facts = organisation(state)

    def answer(request: Request) -> Response:
        headers = {name.title(): value for name, value in request.headers.items()}
        target = f"{request.path}?{urlencode(request.query)}"
        reply = fake().shown(facts, request.origin, request.method, target, headers, request.body)
        return Response(reply.status, reply.content(), reply.headers)

    return answer


EXAMPLE = Example(
    connector=CONNECTOR,
    connection={"token": TOKEN, "repositories": [REPOSITORY], "clone": False},
    rows={"repositories": 1, "pull_requests": 5, "deployments": 2, "releases": 1, "pushes": 9},
    surface=surface,
    drift={"deployments": "production_environment"},
    clock=(
        datetime(2026, 9, 15, 12, tzinfo=UTC),
        datetime(2026, 9, 15, 12, 30, tzinfo=UTC),
        datetime(2026, 9, 15, 13, tzinfo=UTC),
    ),
)
