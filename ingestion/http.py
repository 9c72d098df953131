"""The one client policy for vendors' APIs: authentication, paging, retries, rate limits, redaction.

`HttpClient` is what connectors use; `transport.py` is the gate that each of its requests passes,
`http_errors.py` what it raises, `rate_limits.py` and `auth.py` what a connector declares. Paging is dlt's,
waiting tenacity's, transport requests'.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import requests

from ingestion.auth import Auth, GitHubAppAuth, HeaderAuth, NoAuth, basic, bearer
from ingestion.http_errors import (
    AccessDeniedError,
    AuthenticationError,
    ForeignOriginError,
    GoneError,
    GraphQLError,
    HttpError,
    LegallyBlockedError,
    MalformedResponseError,
    NotFoundError,
    QueryFailedError,
    QueryTooHeavyError,
    RateLimitError,
    RejectedRequestError,
    ServerError,
    TransportError,
    TruncatedBodyError,
    UnreadableBodyError,
)
from ingestion.rate_limits import Budget, RateLimitPolicy
from ingestion.redaction import redact, redact_url
from ingestion.transport import Exchange, Gate, RetryPolicy, transport_failure

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import PageData
    from dlt.sources.helpers.rest_client.paginators import BasePaginator

__all__ = [
    "AccessDeniedError",
    "Auth",
    "AuthenticationError",
    "Budget",
    "ForeignOriginError",
    "GitHubAppAuth",
    "GoneError",
    "GraphQLError",
    "HeaderAuth",
    "HttpClient",
    "HttpError",
    "LegallyBlockedError",
    "MalformedResponseError",
    "NoAuth",
    "NotFoundError",
    "QueryFailedError",
    "QueryTooHeavyError",
    "RateLimitError",
    "RateLimitPolicy",
    "RejectedRequestError",
    "Reply",
    "RetryPolicy",
    "ServerError",
    "TransportError",
    "TruncatedBodyError",
    "UnreadableBodyError",
    "basic",
    "bearer",
]

_USER_AGENT = "flowgauge"
_MOST_REDIRECTS = 5
_CHUNK_BYTES = 1 << 20


class Reply(NamedTuple):
    """Answer to a conditional request; `data` is None where `is_modified` is false or the body is empty."""

    data: Any
    etag: str | None
    is_modified: bool
    status: int
    headers: Mapping[str, str]


class HttpClient:
    """A vendor's API at one origin, for one connection.

    Attributes:
        base_url: where paths start; no request with credentials leaves its origin.
        log: told of long waits, in one line.
        sleep: waits so many seconds.
        rate_limits: how the vendor tells its limits.
    """

    def __init__(
        self,
        base_url: str,
        auth: Auth | None = None,
        *,
        rate_limits: RateLimitPolicy | None = None,
        retry: RetryPolicy | None = None,
        headers: Mapping[str, str] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Nothing is sent yet.

        Args:
            base_url: scheme, host, port and path prefix.
            auth: `bearer(…)`, `basic(…)`, `HeaderAuth(…)`, `GitHubAppAuth(…)`; none by default.
            rate_limits: how the vendor tells its limits.
            retry: how patient to be.
            headers: sent with each request; never credentials.
            sleep: for tests.
        """
        self.base_url = base_url.rstrip("/")
        self.log: Callable[[str], None] = lambda _message: None
        self._auth = auth or NoAuth()
        self._retry = retry or RetryPolicy()
        self.sleep = sleep
        self.rate_limits = rate_limits or RateLimitPolicy()
        self._gate = Gate(
            self.base_url,
            auth=self._auth,
            limits=self.rate_limits,
            retry=self._retry,
            sleep=self._wait,
            log=self._tell,
        )
        self._session = _Session(self._gate, self.base_url)
        self._session.headers.update(
            {"User-Agent": _USER_AGENT, "Accept": "application/json", **(headers or {})}
        )

    def __repr__(self) -> str:
        return f"HttpClient({redact_url(self.base_url)})"

    @property
    def request_counts(self) -> Mapping[str, int]:
        """Requests sent so far by kind (`rest`, `graphql`, `token`, `download`, or the caller's own)."""
        return dict(self._gate.sent)

    @property
    def rate_limit_left(self) -> Mapping[str, int]:
        """The vendor's smallest budget after the last answer, by kind."""
        return dict(self._gate.left)

    @property
    def fields(self) -> Mapping[str, set[str]]:
        """Fields of the objects in the lists that were answered, by list."""
        return self._gate.fields

    @property
    def waited_seconds(self) -> float:
        """Seconds slept so far, for budgets and between attempts."""
        return self._gate.waited

    def redact(self, text: str) -> str:
        """The text without this connection's secrets, for messages of other tools such as git."""
        return redact(text, self._auth.secrets())

    def get_json(self, path: str, params: Mapping[str, Any] | None = None, *, kind: str = "rest") -> Any:
        """The JSON answer to a GET of a path (or a URL of this origin); None where it has no content (204).

        Raises:
            HttpError: of the subclass that says what is wrong.
        """
        exchange = Exchange(kind)
        self._send("GET", path, exchange, params=params)
        return exchange.data

    def fetch(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        etag: str | None = None,
        kind: str = "rest",
    ) -> Reply:
        """A conditional GET: with the `etag` of an earlier reply, an unchanged answer comes without a body.

        Raises:
            HttpError: of the subclass that says what is wrong.
        """
        exchange = Exchange(kind)
        headers = {"If-None-Match": etag} if etag else {}
        response = self._send("GET", path, exchange, params=params, headers=headers)
        is_modified = response.status_code != HTTPStatus.NOT_MODIFIED
        validator = response.headers.get("ETag") or (None if is_modified else etag)
        return Reply(exchange.data, validator, is_modified, response.status_code, response.headers)

    def post_json(
        self, path: str, body: Any, params: Mapping[str, Any] | None = None, *, kind: str = "rest"
    ) -> Any:
        """The JSON answer to a POST that only reads (searches), for it may be sent more than once.

        Raises:
            HttpError: of the subclass that says what is wrong.
        """
        exchange = Exchange(kind)
        self._send("POST", path, exchange, params=params, json=body)
        return exchange.data

    def graphql(
        self,
        query: str,
        variables: Mapping[str, Any] | None = None,
        *,
        path: str = "/graphql",
        can_shrink: bool = False,
    ) -> dict[str, Any]:
        """`data` of a GraphQL query; any `errors` beside it make it a failure.

        Args:
            query: the document.
            variables: its variables.
            path: of the endpoint, or its URL on this origin.
            can_shrink: the caller can ask for a smaller page: what the server finds too heavy (resource
                limits, 502, 504, a read timeout) is raised at once instead of being sent again.

        Raises:
            QueryTooHeavyError: with `can_shrink`, where the server gave up on the query.
            GraphQLError: any other errors; its `types`, `errors` and partial `data` tell more.
            HttpError: what can go wrong with any request.
        """
        exchange = Exchange("graphql", can_shrink=can_shrink)
        self._send("POST", path, exchange, json={"query": query, "variables": dict(variables or {})})
        data: dict[str, Any] = exchange.data["data"]
        return data

    def pages(
        self,
        path: str,
        params: Mapping[str, Any] | None = None,
        *,
        select: str = "$",
        paging: BasePaginator | None = None,
        method: Any = "GET",
        body: dict[str, Any] | None = None,
        kind: str = "rest",
    ) -> Iterator[PageData[Any]]:
        """Pages of a list: each a list of items that also bears its `.response`.

        Args:
            path: first page.
            params: query of the first page.
            select: JSONPath of the list in the answer; an answer without it is an error, not an empty page.
            paging: one of dlt's paginators (page number, offset, cursor …); the `Link` header by default.
            method: POST for searches with a body.
            body: JSON of such a search.
            kind: counted as.

        Raises:
            ForeignOriginError: the next page lies on another origin.
            MalformedResponseError: no list where one was promised, or paging that leads in a circle.
            HttpError: what can go wrong with any request.
        """
        from ingestion.paging import StrictClient, header_link

        walk = StrictClient(self.base_url, self._session).paginate(
            path,
            method=method,
            params=dict(params or {}),
            json=body,
            paginator=paging or header_link(),
            data_selector=select,
            hooks={"response": []},
            exchange=Exchange(kind),
            timeout=self._retry.timeout,
        )
        seen: set[str] = set()
        try:
            for page in walk:
                asked = page.request
                following = json.dumps([asked.url, asked.params, asked.json], sort_keys=True)
                if page.paginator.has_next_page and following in seen:
                    raise MalformedResponseError(f"paging of {redact_url(self._url(path))} leads in a circle")
                seen.add(following)
                yield page
        except requests.RequestException as error:
            failure = transport_failure(error, method, self._url(path))
        else:
            return
        raise failure

    def download(self, url: str, target: Path) -> int:
        """Write what a signed link gives to a file and return its bytes; any host, never with credentials.

        Raises:
            HttpError: of the subclass that says what is wrong.
        """
        return self._gate.retrying()(self._download_once, url, target)

    def _download_once(self, url: str, target: Path) -> int:
        exchange = Exchange("download", is_authenticated=False, is_retried=False, is_json=False)
        options: dict[str, Any] = {"stream": True, "timeout": self._retry.timeout, "exchange": exchange}
        options["proxies"] = requests.utils.get_environ_proxies(url)
        try:
            request = requests.Request("GET", url, headers={"User-Agent": _USER_AGENT}).prepare()
            with self._session.send(request, **options) as response, target.open("wb") as file:
                return sum(file.write(chunk) for chunk in response.iter_content(_CHUNK_BYTES))
        except requests.RequestException as error:
            failure = transport_failure(error, "GET", url)
        raise failure

    def _tell(self, message: str) -> None:
        self.log(message)

    def _wait(self, seconds: float) -> None:
        self.sleep(seconds)

    def _url(self, path: str) -> str:
        return path if path.startswith(("http://", "https://")) else f"{self.base_url}/{path.lstrip('/')}"

    def _send(self, method: str, path: str, exchange: Exchange, **parts: Any) -> requests.Response:
        url = self._url(path)
        try:
            request = self._session.prepare_request(requests.Request(method, url, **parts))
            return self._session.send(request, timeout=self._retry.timeout, exchange=exchange)
        except requests.RequestException as error:
            failure = transport_failure(error, method, url)
        raise failure


class _Session(requests.Session):
    """A session whose every way out is the gate; it knows no credentials, not even those of a .netrc file.

    Proxies and certificates are those that the environment names for the origin, asked for once: requests
    would read the whole environment anew for each request, a tenth of what a walk costs.
    """

    def __init__(self, gate: Gate, base_url: str) -> None:
        super().__init__()
        told = self.merge_environment_settings(base_url, {}, None, None, None)
        self.proxies, self.verify = told["proxies"], told["verify"]
        self.trust_env = False
        self.max_redirects = _MOST_REDIRECTS
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.auth = _unchanged
        for scheme in ("https://", "http://"):
            self.mount(scheme, gate)

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Redirected requests get their credentials at the gate, or none."""


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request
