"""Where lists stand in a vendor's answers, which requests belong to one list, and how to change its pages.

A rehearsal is a walk over the surface as it is. It shows each list's pages; a trouble is then a function from
the pages of a list to other pages, whatever the vendor's way of paging.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from ingestion.conformance.example import Example
from ingestion.conformance.surface import Answer, Request, Response, Surface

NEW_FIELD = "planted_by_the_suite"

Item = dict[str, Any]
Pages = list[list[Item]]
Trouble = Callable[[Surface], Surface]
"""From a surface to one that misbehaves."""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer."""

    request: Request
    response: Answer


@dataclass
class WalkedList:
    """One list of a rehearsal: its pages in order, where the items stand, and the answers they came in."""

    where: tuple[Any, ...]
    keys: list[str] = field(default_factory=list)
    pages: Pages = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)

    @property
    def is_paged(self) -> bool:
        """Whether it came in several pages."""
        return len(self.pages) > 1


class Rehearsal:
    """The lists of a walk."""

    def __init__(self, example: Example, exchanges: Iterable[Exchange]) -> None:
        self._example = example
        self.lists: dict[str, WalkedList] = {}
        for exchange in exchanges:
            self._add(exchange)

    @property
    def paged(self) -> list[WalkedList]:
        """Lists of several pages."""
        return [each for each in self.lists.values() if each.is_paged]

    def place(self, request: Request) -> tuple[WalkedList, int] | None:
        """The list and the page of it that a request asks for."""
        found = self.lists.get(self.list_of(request))
        key = _key(request)
        return (found, found.keys.index(key)) if found and key in found.keys else None

    def list_of(self, request: Request) -> str:
        """What is alike in all requests for pages of one list."""
        query = {
            name: value for name, value in request.query.items() if not self._example.asks_for_page(name)
        }
        return json.dumps(
            [request.method, request.path, query, self._without_page(body_of(request))], sort_keys=True
        )

    def _without_page(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {k: self._without_page(v) for k, v in value.items() if not self._example.asks_for_page(k)}
        return [self._without_page(each) for each in value] if isinstance(value, list) else value

    def _add(self, exchange: Exchange) -> None:
        payload = payload_of(exchange.response)
        identity, key = self.list_of(exchange.request), _key(exchange.request)
        known = self.lists.get(identity)
        where = known.where if known else find_list(payload)
        if where is None or (known and key in known.keys):
            return
        items = at(payload, where)
        if not isinstance(items, list):
            return
        walked = self.lists.setdefault(identity, WalkedList(where))
        walked.keys.append(key)
        walked.pages.append(items)
        walked.answers.append(exchange.response)


def repaged(rehearsal: Rehearsal, change: Callable[[Pages], Pages]) -> Trouble:
    """Give the pages of each list that has several in another way; answers that were not rehearsed stay."""
    changed = {id(each): change([list(page) for page in each.pages]) for each in rehearsal.paged}

    def trouble(surface: Surface) -> Surface:
        def answer(request: Request) -> Answer:
            response, place = surface(request), rehearsal.place(request)
            if place is None or not place[0].is_paged:
                return response
            walked, index = place
            return with_items(response, walked.where, changed[id(walked)][index])

        return answer

    return trouble


def sized(example: Example, size: int | None) -> Trouble:
    """Let the vendor give so many rows a page at most, whatever is asked for."""

    def trouble(surface: Surface) -> Surface:
        def answer(request: Request) -> Answer:
            if size is None:
                return surface(request)
            query = {
                name: str(size) if example.asks_for_size(name) else value
                for name, value in request.query.items()
            }
            body = body_of(request)
            smaller = json.dumps(_resized(example, body, size)).encode() if body is not None else request.body
            parts = (request.method, request.path, query, request.headers, smaller, request.origin)
            return surface(Request(*parts))

        return answer

    return trouble


def _resized(example: Example, value: Any, size: int) -> Any:
    if isinstance(value, list):
        return [_resized(example, each, size) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: size if isinstance(each, int) and example.asks_for_size(name) else _resized(example, each, size)
        for name, each in value.items()
    }


def each_item(change: Callable[[Item], Item], planted: Callable[[Request], Item]) -> Trouble:
    """Change every object of every JSON answer, and plant fields in it that it does not have.

    GraphQL answers what was asked for by name, so nothing can be planted there.
    """

    def trouble(surface: Surface) -> Surface:
        def answer(request: Request) -> Answer:
            response = surface(request)
            payload = payload_of(response)
            more = {} if is_graphql(request) else planted(request)
            if payload is None:
                return response
            return with_payload(response, _mapped(payload, lambda item: {**more, **change(item)}))

        return answer

    return trouble


def is_graphql(request: Request) -> bool:
    """Whether it is a query of GraphQL's."""
    return request.path.endswith("/graphql")


def _mapped(value: Any, change: Callable[[Item], Item]) -> Any:
    if isinstance(value, list):
        return [_mapped(each, change) for each in value]
    if isinstance(value, dict):
        return change({name: _mapped(each, change) for name, each in value.items()})
    return value


def emptied_lists(surface: Surface) -> Surface:
    """Every list of the vendor's is empty."""
    return _each_list(surface, lambda _items: [])


def widened_items(surface: Surface) -> Surface:
    """Every object in a list of the vendor's has a field that is new."""
    return _each_list(surface, lambda items: [{**item, NEW_FIELD: 1} for item in items])


def filled_items(surface: Surface) -> Surface:
    """No field of an object in a list of the vendor's is null."""

    def filled(items: list[Item]) -> list[Item]:
        return [{name: "filled" if value is None else value for name, value in i.items()} for i in items]

    return _each_list(surface, filled)


def _each_list(surface: Surface, change: Callable[[list[Item]], list[Item]]) -> Surface:
    def answer(request: Request) -> Answer:
        response = surface(request)
        payload = payload_of(response)
        where = find_list(payload)
        return response if where is None else with_items(response, where, change(at(payload, where)))

    return answer


def find_list(payload: Any) -> tuple[Any, ...] | None:
    """Path of the list of objects that lies least deep in an answer; None where there is none."""
    waiting: deque[tuple[tuple[Any, ...], Any]] = deque([((), payload)])
    while waiting:
        path, value = waiting.popleft()
        if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            return path
        if isinstance(value, dict):
            waiting.extend(((*path, name), each) for name, each in value.items())
    return None


def at(payload: Any, path: Sequence[Any]) -> Any:
    """What stands at a path; None where nothing does."""
    for step in path:
        payload = payload.get(step) if isinstance(payload, dict) else None
    return payload


def with_items(response: Answer, where: Sequence[Any], items: list[Item]) -> Answer:
    """The answer with another list in its place."""
    if not where:
        return with_payload(response, items)
    payload = payload_of(response)
    at(payload, where[:-1])[where[-1]] = items
    return with_payload(response, payload)


def with_payload(response: Answer, payload: Any) -> Answer:
    """The answer with another body."""
    return Response(response.status, json.dumps(payload).encode(), dict(response.headers))


def payload_of(response: Answer) -> Any:
    """The JSON of an answer that is a success; None for any other."""
    if response.status >= 300 or b"PACK" in response.body[:4]:  # noqa: PLR2004 - HTTP's redirects and errors
        return None
    try:
        return json.loads(response.body)
    except ValueError:
        return None


def body_of(request: Request) -> Any:
    """The JSON of a request; None where it has none."""
    try:
        return json.loads(request.body)
    except ValueError:
        return None


def _key(request: Request) -> str:
    body = request.body.decode(errors="replace")
    return f"{request.method} {request.path}?{urlencode(sorted(request.query.items()))} {body}"
