"""Rules about what is kept, and what the next walk goes on from."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ingestion.conformance.bench import Bench
from ingestion.conformance.lists import Trouble
from ingestion.conformance.paging import own
from ingestion.conformance.rule import Rule, has_http, unlike
from ingestion.conformance.server import CUT
from ingestion.conformance.surface import Answer, Request, Response, Surface

_FAILURES = 4
"""Requests of a walk that are made to fail in turn."""


def moves_cursor_only_after_full_walk(bench: Bench) -> Iterator[str]:
    """A walk whose n-th request fails, and a clean one after it, give what one clean walk gives."""
    for name, broken in (("a lasting server error", _refusing), ("a body that is cut", _cutting)):
        for position in spread(len(bench.exchanges()), _FAILURES):
            store = bench.store()
            store.walk(trouble=_from(position, broken))
            for problem in unlike(store.walk(), bench.fresh("first"), store.rows, own(bench)):
                yield f"after {name} at request {position + 1} and another walk, {problem}"


def resumes_after_a_crash(bench: Bench) -> Iterator[str]:
    """A walk that is killed between two pages, and another after it, lose nothing."""
    for pages in (1, 2, 4):
        store = bench.store()
        store.walk(pages=pages)
        for problem in unlike(store.walk(), bench.fresh("first"), store.rows, own(bench)):
            yield f"after a crash at page {pages} and another walk, {problem}"


def spread(count: int, most: int) -> list[int]:
    """So many positions below a count, the first and the last among them."""
    return sorted({round(index * (count - 1) / (most - 1)) for index in range(most)}) if count else []


def _from(position: int, broken: Callable[[Answer], Answer]) -> Trouble:
    """Requests from a position on fail in this way, however often they are sent."""

    def trouble(surface: Surface) -> Surface:
        asked: list[str] = []

        def answer(request: Request) -> Answer:
            name = f"{request.method} {request.path} {request.query} {request.body!r}"
            if name not in asked:
                asked.append(name)
            response = surface(request)
            return broken(response) if asked.index(name) >= position else response

        return answer

    return trouble


def _refusing(_response: Answer) -> Answer:
    return Response.of_json({"message": "a fault"}, 500)


def _cutting(response: Answer) -> Answer:
    return Response(response.status, response.body, {**response.headers, CUT: "yes"})


RULES = (
    Rule(
        "moves_cursor_only_after_full_walk",
        "A walk that fails leaves no cursor behind: the next one reads what it missed.",
        moves_cursor_only_after_full_walk,
        has_http,
    ),
    Rule(
        "resumes_after_a_crash",
        "A walk that was killed loses nothing: the next one begins where the last complete one ended.",
        resumes_after_a_crash,
    ),
)
