"""The rule about rate limits: every form in which the vendor may tell them, as the client declares."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import NamedTuple

from ingestion.conformance.bench import Bench, Walked
from ingestion.conformance.lists import Trouble, is_graphql
from ingestion.conformance.paging import own
from ingestion.conformance.rule import Rule, has_http, unlike
from ingestion.conformance.surface import Answer, Request, Response, Surface
from ingestion.rate_limits import Budget, RateLimitPolicy

_SECONDS = 7
_OK, _FORBIDDEN, _TOO_MANY, _UNAVAILABLE = 200, 403, 429, 503
_WORDS = (
    "You have exceeded a secondary rate limit.",
    "Rate limit exceeded",
    "Too many requests",
    "Throttled",
)


class Form(NamedTuple):
    """One way of telling a limit: its name, the answer, and the seconds that a client has to wait.

    Where the answer is a success, it is the right one with these headers: the last that the budget allowed.
    """

    name: str
    answer: Response
    seconds: float


def forms(policy: RateLimitPolicy, *, has_graphql: bool) -> Iterator[Form]:
    """Every form that a policy declares, and those that any vendor or proxy may use."""
    now = datetime.now(UTC).replace(microsecond=0)
    dates = {"Date": format_datetime(now, usegmt=True)}
    until = format_datetime(now + timedelta(seconds=_SECONDS), usegmt=True)
    yield Form("429 with seconds to wait", _refusal(_TOO_MANY, {"Retry-After": str(_SECONDS)}), _SECONDS)
    yield Form("429 with a date to wait for", _refusal(_TOO_MANY, {**dates, "Retry-After": until}), _SECONDS)
    yield Form("429 that names no time", _refusal(_TOO_MANY, {}), policy.backoff_seconds)
    yield Form("503 with seconds to wait", _refusal(_UNAVAILABLE, {"Retry-After": str(_SECONDS)}), _SECONDS)
    status = _FORBIDDEN if _FORBIDDEN in policy.limited_statuses else _TOO_MANY
    words = next((each for each in _WORDS if re.search(policy.secondary, each, re.IGNORECASE)), None)
    if status == _FORBIDDEN and words:
        yield Form("403 in words", _refusal(_FORBIDDEN, {}, words), policy.backoff_seconds)
    for budget in policy.budgets:
        headers = {**dates, budget.remaining: "0", budget.reset: _reset(budget, now)}
        yield Form(f"{status} with {budget.remaining}: 0", _refusal(status, headers), _SECONDS)
        yield Form(f"{budget.remaining}: 0 in a success", Response(headers=headers), _SECONDS)
    if has_graphql:
        content = {"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]}
        yield Form("GraphQL's errors", Response.of_json(content), policy.backoff_seconds)


def honours_every_rate_limit(bench: Bench) -> Iterator[str]:
    """A request that is refused once is sent again after the time that was asked for; nothing is lost."""
    has_graphql = any(is_graphql(exchange.request) for exchange in bench.exchanges())
    for form in forms(bench.client(Walked()).rate_limits, has_graphql=has_graphql):
        store = bench.store()
        path = "/graphql" if form.name.startswith("GraphQL") else ""
        walked = store.walk(trouble=_once(form.answer, path))
        problems = list(unlike(walked, bench.fresh("first"), store.rows, own(bench)))
        if sum(walked.slept) < form.seconds and not problems:
            problems = [f"asked again after {sum(walked.slept):.0f} s instead of {form.seconds:.0f} s"]
        yield from (f"{form.name}: {problem}" for problem in problems)


def _refusal(status: int, headers: dict[str, str], words: str = "wait") -> Response:
    return Response.of_json({"message": words}, status, headers)


def _reset(budget: Budget, now: datetime) -> str:
    at = now + timedelta(seconds=_SECONDS)
    return {
        "epoch_seconds": str(int(at.timestamp())),
        "epoch_milliseconds": str(int(at.timestamp()) * 1000),
        "delta_seconds": str(_SECONDS),
        "iso": at.isoformat(),
    }[budget.unit]


def _once(refusal: Response, path: str) -> Trouble:
    """The first request that ends with this path is answered so."""

    def trouble(surface: Surface) -> Surface:
        asked = 0

        def answer(request: Request) -> Answer:
            nonlocal asked
            asked += request.path.endswith(path)
            if asked != 1 or not request.path.endswith(path):
                return surface(request)
            if refusal.status != _OK or refusal.body:
                return refusal
            right = surface(request)
            return Response(right.status, right.body, {**right.headers, **refusal.headers})

        return answer

    return trouble


RULES = (
    Rule(
        "honours_every_rate_limit",
        "Whatever form the vendor's limit has, the walk waits as long as it says and goes on.",
        honours_every_rate_limit,
        has_http,
    ),
)
