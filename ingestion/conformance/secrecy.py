"""Rules about credentials, prose and e-mail addresses: where they must not go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ingestion.conformance.bench import Bench, Store
from ingestion.conformance.lists import Item, Trouble, each_item
from ingestion.conformance.rule import Rule, failed, has_http
from ingestion.conformance.store import Rows
from ingestion.conformance.surface import Answer, Request, Response, Surface, holds

PROSE = frozenset(
    {"title", "subject", "headline", "summary", "description", "body", "body_text", "body_html", "text"}
    | {"comment", "comments", "message", "content", "note", "notes", "prompt"}
)
"""Names of fields in which vendors keep what people write, in snake_case."""

MARKER = "prose-that-must-not-be-kept"
ADDRESS = "someone.planted@customer.example"
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+")


def sends_credentials_to_no_other_host(bench: Bench) -> Iterator[str]:
    """Links and redirects that lead to another host are not followed with credentials."""
    for name, trouble in (("a link", _linking_abroad), ("a redirect", _redirecting)):
        bench.foreign_requests.clear()
        bench.store().walk(trouble=trouble(bench))
        for request in bench.foreign_requests:
            told = f"{request.path} {request.query} {dict(request.headers)} {request.body!r}"
            if any(holds(told, secret) for secret in bench.secrets):
                yield f"{name} to another host was followed with the credentials, to {request.path}"
    if not bench.secrets:
        yield "the example's connection has no secret: declare it as SecretStr, and give it one"


def tells_no_secret(bench: Bench) -> Iterator[str]:
    """A vendor that repeats the credentials, in refusals or in rows, gets them neither logged nor stored."""
    for name, trouble in (("a refusal", _echoing_refusal), ("a row", _echoing_rows)):
        store = bench.store()
        walked = store.walk(trouble=trouble)
        for secret in bench.secrets:
            if holds(walked.told, secret):
                yield f"{name} that repeats the credentials is logged with them"
            yield from _kept(store, secret, f"{name} that repeats the credentials is stored with them")
    for state in ("first", "later"):
        walked = bench.walked(state)
        if any(holds(walked.told, secret) for secret in bench.secrets):
            yield "the credentials are logged"


def keeps_no_prose(bench: Bench) -> Iterator[str]:
    """What people write is not in the warehouse, the state or the log."""
    names = PROSE | bench.example.prose
    store = bench.store()
    walked = store.walk(
        trouble=each_item(lambda item: _with_prose(item, names), lambda _request: {"body": MARKER})
    )
    yield from failed(walked)
    yield from _kept(store, MARKER, "prose is stored")
    if MARKER in walked.told:
        yield "prose is logged"


def hashes_addresses(bench: Bench) -> Iterator[str]:
    """E-mail addresses are in the warehouse, the state and the log as hashes only."""
    store = bench.store()
    walked = store.walk(trouble=each_item(_with_address, lambda _request: {"contact_email": ADDRESS}))
    yield from failed(walked)
    yield from _kept(store, ADDRESS, "e-mail addresses are stored as they are")
    if ADDRESS in walked.told:
        yield "e-mail addresses are logged"


def _kept(store: Store, planted: str, problem: str) -> Iterator[str]:
    for where in _places(store.rows, planted):
        yield f"{problem}, in {where}"
    if holds(str(store.state), planted):
        yield f"{problem}, in the state"


def _places(rows: Rows, planted: str) -> Iterator[str]:
    for table, found in rows.items():
        for column in {
            name for row in found.values() for name, value in row.items() if planted in str(value)
        }:
            yield f"{table}.{column}"


def _with_prose(item: Item, names: frozenset[str]) -> Item:
    """The object with a marker in its prose."""
    return {
        name: f"{value} {MARKER}" if _snake(name) in names and isinstance(value, str) else value
        for name, value in item.items()
    }


def _with_address(item: Item) -> Item:
    """The object with another address wherever it had one."""
    return {name: _addressed(value) for name, value in item.items()}


def _addressed(value: Any) -> Any:
    return _EMAIL.sub(ADDRESS, value) if isinstance(value, str) else value


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _linking_abroad(bench: Bench) -> Trouble:
    """Every address of the vendor's that an answer holds names another host."""
    here, abroad = bench.origin, bench.foreign_origin

    def trouble(surface: Surface) -> Surface:
        def answer(request: Request) -> Answer:
            response = surface(request)
            headers = {name: value.replace(here, abroad) for name, value in response.headers.items()}
            return Response(response.status, response.body.replace(here.encode(), abroad.encode()), headers)

        return answer

    return trouble


def _redirecting(bench: Bench) -> Trouble:
    def trouble(_surface: Surface) -> Surface:
        return lambda request: Response(307, b"", {"Location": f"{bench.foreign_origin}{request.path}"})

    return trouble


def _echoing_refusal(_surface: Surface) -> Surface:
    return lambda request: Response.of_json({"message": f"bad request {dict(request.headers)}"}, 400)


_echoing_rows = each_item(dict, lambda request: {"debug": str(dict(request.headers))})


RULES = (
    Rule(
        "sends_credentials_to_no_other_host",
        "No link or redirect takes the credentials to another host.",
        sends_credentials_to_no_other_host,
        has_http,
    ),
    Rule("tells_no_secret", "Credentials are neither logged nor stored.", tells_no_secret, has_http),
    Rule("keeps_no_prose", "Titles, bodies, comments and prompts are not kept.", keeps_no_prose, has_http),
    Rule("hashes_addresses", "E-mail addresses are kept as keyed hashes only.", hashes_addresses, has_http),
)
