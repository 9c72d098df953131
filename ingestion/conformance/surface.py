"""A vendor's API as the suite sees it: a function from request to response, and a way to write one as data.

`rest` makes such a function out of lists of rows; whatever is stranger is a function of one's own. Anything
that has the attributes of `Request` and `Response` will do, so the sandbox's surfaces fit as they are.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol
from urllib.parse import urlencode

_DEFAULT_PAGE_SIZE = 100


@dataclass(frozen=True)
class Request:
    """A request as it came over the wire; header names are lower case, `origin` is scheme, host and port."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    origin: str = ""

    def json(self) -> Any:
        """The body; ValueError if it is no JSON."""
        return json.loads(self.body or b"null")


class Answer(Protocol):
    """What a surface gives back."""

    status: int
    body: bytes
    headers: dict[str, str]


@dataclass
class Response:
    """An answer; `of_json` makes the usual one."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
        """An answer in JSON."""
        return cls(
            status, json.dumps(content).encode(), {"Content-Type": "application/json", **(headers or {})}
        )


Surface = Callable[[Any], Answer]
"""From a request to an answer."""


@dataclass(frozen=True)
class Listing:
    """A list of rows that the vendor gives in pages.

    Attributes:
        rows: in the vendor's order.
        at: key of the list in the answer; "" where the answer is the list.
        paging: how the next page is told: `link`, by the Link header; `url`, by an address in the body;
            `token`, by a token in the body; `number` and `offset`, by a flag in the body, for clients that
            count pages from 1 or rows from 0.
        next: key in the body that tells the next page.
        parameter: query parameter (or key of a POST's body) that asks for a page.
        size: parameter that asks for so many rows.
        total: key of the number of all rows; "" where the vendor tells none.
        equal: parameter → field that it must equal.
        since: parameter → field that must not be less.
    """

    rows: Sequence[Mapping[str, Any]]
    at: str = ""
    paging: Literal["link", "url", "token", "number", "offset"] = "link"
    next: str = "next"
    parameter: str = "page"
    size: str = "per_page"
    total: str = ""
    equal: Mapping[str, str] = field(default_factory=dict)
    since: Mapping[str, str] = field(default_factory=dict)

    def answer(self, request: Request) -> Response:
        """The page that is asked for."""
        asked = {**request.query, **(request.json() if request.body else {})}
        rows = [row for row in self.rows if self._is_wanted(row, asked)]
        size = int(asked.get(self.size) or _DEFAULT_PAGE_SIZE)
        asked_for = asked.get(self.parameter)
        is_number = self.paging in ("link", "url", "number")
        start = (int(asked_for or 1) - 1) * size if is_number else int(asked_for or 0)
        end = start + size
        following = (end // size + 1 if is_number else end) if end < len(rows) else None
        content: dict[str, Any] = {self.total: len(rows)} if self.total else {}
        headers: dict[str, str] = {}
        url = f"{request.origin}{request.path}?{urlencode({**request.query, self.parameter: following})}"
        if self.paging == "link":
            headers = {"Link": f'<{url}>; rel="next"'} if following else {}
        elif self.paging in ("url", "token"):
            content[self.next] = following and (url if self.paging == "url" else str(following))
        elif self.next:
            content[self.next] = following is not None
        page = rows[start:end]
        return Response.of_json({**content, self.at: page} if self.at else page, headers=headers)

    def _is_wanted(self, row: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
        is_equal = all(asked.get(name, row[key]) == row[key] for name, key in self.equal.items())
        return is_equal and all(row[key] >= asked.get(name, row[key]) for name, key in self.since.items())


Route = Listing | Callable[..., Answer] | Mapping[str, Any] | Sequence[Any]
"""What answers a path: a list in pages, a function of the request and the path's groups, or plain JSON."""


def rest(routes: Mapping[str, Route], *, token: str = "") -> Surface:
    """A surface of paths, each a regular expression; whoever does not present the token is refused."""

    def answer(request: Request) -> Answer:
        if token and not presents(request.headers, token):
            return Response.of_json({"message": "bad credentials"}, 401)
        for pattern, route in routes.items():
            if found := re.fullmatch(pattern, request.path):
                if isinstance(route, Listing):
                    return route.answer(request)
                return route(request, *found.groups()) if callable(route) else Response.of_json(route)
        return Response.of_json({"message": "not found"}, 404)

    return answer


def presents(headers: Mapping[str, str], secret: str) -> bool:
    """Whether a secret stands in a header, plain or in base64."""
    return any(holds(value, secret) for value in headers.values())


def holds(text: str, secret: str) -> bool:
    """Whether a text holds a secret, plain or in base64."""
    return secret in text or any(secret in _decoded(word) for word in re.findall(r"[\w+/=-]{8,}", text))


def _decoded(word: str) -> str:
    try:
        return base64.b64decode(word + "=" * (-len(word) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
