"""The gate that every request of a connection passes: origin, credentials, counts, waits, further attempts.

It is a transport adapter of requests, so that each hop of a redirect and each page of a walk passes it too.
Every failure leaves it as an `HttpError` that holds no token, no request and no cause.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    wait_random,
    wait_random_exponential,
)

from ingestion.auth import Auth
from ingestion.fields import note
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
from ingestion.rate_limits import RateLimitPolicy, retry_after_seconds
from ingestion.redaction import redact, redact_url

_WORTH_SAYING_SECONDS = 5
_MESSAGE_LENGTH = 200
_STATUS_ERRORS: Mapping[int, type[HttpError]] = {
    HTTPStatus.UNAUTHORIZED: AuthenticationError,
    HTTPStatus.FORBIDDEN: AccessDeniedError,
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.GONE: GoneError,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS: LegallyBlockedError,
}
_TRANSIENT_STATUSES = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY})
_LASTING_STATUSES = frozenset({HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.HTTP_VERSION_NOT_SUPPORTED})
_GATEWAY_STATUSES = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT})
_LIMITED_GRAPHQL = re.compile(r"rate[_ ]?limit", re.IGNORECASE)
_HEAVY_GRAPHQL = re.compile(
    r"resource[_ ]limit|node[_ ]limit|too complex|complexity|time(d )?out|something went wrong", re.IGNORECASE
)


@dataclass(frozen=True)
class RetryPolicy:
    """How patient a client is.

    Attributes:
        attempts: requests sent at most for one answer.
        max_wait_seconds: sum of all waits for one answer; a primary limit's hour fits in.
        max_backoff_seconds: longest wait that the vendor did not ask for.
        connect_seconds: timeout of connecting.
        read_seconds: timeout between any two pieces of an answer.
    """

    attempts: int = 6
    max_wait_seconds: float = 3900.0
    max_backoff_seconds: float = 60.0
    connect_seconds: float = 10.0
    read_seconds: float = 60.0

    @property
    def timeout(self) -> tuple[float, float]:
        """As requests takes it."""
        return self.connect_seconds, self.read_seconds


@dataclass
class Exchange:
    """What the gate must know of a request beside its bytes, and what it learns.

    Attributes:
        kind: counted as; each kind has a budget of its own.
        is_authenticated: credentials are added, and no other origin is reached.
        is_retried: the gate itself tries again; a download is tried again as a whole by its caller.
        is_json: the body of a success must be JSON.
        can_shrink: the caller can ask for less, so that a query too heavy is not tried again as it is.
        data: the parsed body.
    """

    kind: str = "rest"
    is_authenticated: bool = True
    is_retried: bool = True
    is_json: bool = True
    can_shrink: bool = False
    data: Any = field(default=None, init=False)
    has_renewed: bool = field(default=False, init=False)


class Gate(HTTPAdapter):
    """The only way out of a client; thread-safe.

    Attributes:
        sent: requests by kind, further attempts included.
        left: the smallest budget last reported, by kind.
        waited: seconds slept.
        fields: fields of the objects in answers, by list; what GraphQL answers was asked for by name.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: Auth,
        limits: RateLimitPolicy,
        retry: RetryPolicy,
        sleep: Callable[[float], None],
        log: Callable[[str], None],
    ) -> None:
        super().__init__()
        self._base_url = base_url
        self._auth = auth
        self._policy = limits
        self._patience = retry
        self._sleep = sleep
        self._log = log
        self._lock = threading.RLock()
        self._held_until: dict[str, float] = {}
        self.sent: Counter[str] = Counter()
        self.left: dict[str, int] = {}
        self.waited = 0.0
        self.fields: dict[str, set[str]] = {}

    def send(  # noqa: PLR0917 (the adapter's signature)
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
        exchange: Exchange | None = None,
    ) -> requests.Response:
        """One hop, with as many attempts as the policy allows.

        Raises:
            HttpError: of the subclass that says what is wrong.
        """
        exchange = exchange or Exchange()
        exchange.has_renewed = False
        options = {"stream": stream, "timeout": timeout, "verify": verify, "cert": cert, "proxies": proxies}
        attempt = self.retrying() if exchange.is_retried else _once
        return attempt(self._attempt, request, exchange, options)

    def retrying(self) -> Retrying:
        """The retry policy, as a callable that takes a function and its arguments."""
        return Retrying(
            retry=retry_if_exception(lambda error: isinstance(error, HttpError) and error.is_transient),
            stop=self._is_enough,
            wait=self._pause,
            sleep=self._wait,
            reraise=True,
        )

    def _attempt(
        self, request: requests.PreparedRequest, exchange: Exchange, options: dict[str, Any]
    ) -> requests.Response:
        failure = self._refusal(request, exchange)
        if failure is None:
            self._await_budget(exchange.kind)
            outgoing = self._with_credentials(request, exchange)
            with self._lock:
                self.sent[exchange.kind] += 1
            try:
                response = super().send(outgoing, **options)
                if not options["stream"]:
                    _ = response.content
            except requests.RequestException as error:
                failure = transport_failure(
                    error, request.method or "", request.url or "", can_shrink=exchange.can_shrink
                )
            else:
                response.request = request
                failure = self._judge(response, exchange)
                self._note_budget(exchange.kind, response.headers, is_refused=failure is not None)
                if failure is None:
                    return response
        raise failure

    def _refusal(self, request: requests.PreparedRequest, exchange: Exchange) -> HttpError | None:
        """Credentials and paging stay on the origin; only a download may go elsewhere, without them."""
        url = request.url or ""
        if not exchange.is_authenticated or _origin(url) == _origin(self._base_url):
            return None
        return ForeignOriginError(f"{redact_url(self._base_url)} led to another origin, {redact_url(url)}")

    def _with_credentials(
        self, request: requests.PreparedRequest, exchange: Exchange
    ) -> requests.PreparedRequest:
        """A copy: what the response, its redirects and its errors hold on to must not bear the token."""
        outgoing = request.copy()
        if exchange.is_authenticated and exchange.kind != "token":
            with self._lock:
                outgoing.headers.update(self._auth.headers(self._exchange_token))
        return outgoing

    def _exchange_token(self, path: str, headers: Mapping[str, str]) -> Mapping[str, Any]:
        exchange = Exchange("token")
        request = requests.Request("POST", f"{self._base_url}{path}", headers={"Accept": "application/json"})
        prepared = request.prepare()
        prepared.headers.update(headers)
        self.send(prepared, timeout=self._patience.timeout, exchange=exchange)
        answer: Mapping[str, Any] = exchange.data
        return answer

    def _note_budget(self, kind: str, headers: Mapping[str, str], *, is_refused: bool) -> None:
        """Remember what is left; a refusal is waited for by its further attempt, so it holds nothing back."""
        left = self._policy.left(headers)
        hold = None if is_refused else self._policy.seconds_until_refilled(headers)
        with self._lock:
            if left is not None:
                self.left[kind] = left
            self._held_until.pop(kind, None)
            if hold is not None:
                self._held_until[kind] = time.monotonic() + hold

    def _await_budget(self, kind: str) -> None:
        """Wait before a request that would be refused: vendors count refusals against the caller."""
        with self._lock:
            hold = self._held_until.get(kind, 0.0) - time.monotonic()
        if hold > self._patience.max_wait_seconds:
            raise RateLimitError(f"the {kind} budget is used up for {hold:.0f} s", retry_after=hold)
        if hold > 0:
            self._wait(hold)
            with self._lock:
                self._held_until.pop(kind, None)

    def _judge(self, response: requests.Response, exchange: Exchange) -> HttpError | None:
        """The failure that the answer is, None for a success or a redirect to follow."""
        status = response.status_code
        if status < HTTPStatus.MULTIPLE_CHOICES or status == HTTPStatus.NOT_MODIFIED:
            return self._judge_success(response, exchange)
        if response.is_redirect and response.request.method == "GET":
            return None
        return self._judge_refusal(response, exchange)

    def _judge_refusal(self, response: requests.Response, exchange: Exchange) -> HttpError:
        status, headers, text = response.status_code, response.headers, self._describe(response)
        if self._policy.is_limited(status, headers, response.text):
            return RateLimitError(text, status=status, retry_after=self._policy.seconds_to_wait(headers))
        if exchange.can_shrink and status in _GATEWAY_STATUSES:
            return QueryTooHeavyError(text, status=status)
        is_server_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _LASTING_STATUSES
        if is_server_error or status in _TRANSIENT_STATUSES:
            return ServerError(text, status=status, retry_after=retry_after_seconds(headers))
        if status == HTTPStatus.UNAUTHORIZED and self._can_renew(exchange):
            return _RenewedError(text, status=status, retry_after=0)
        return _STATUS_ERRORS.get(status, RejectedRequestError)(text, status=status)

    def _can_renew(self, exchange: Exchange) -> bool:
        if exchange.has_renewed or exchange.kind == "token" or not exchange.is_authenticated:
            return False
        exchange.has_renewed = True
        with self._lock:
            return self._auth.renew()

    def _judge_success(self, response: requests.Response, exchange: Exchange) -> HttpError | None:
        exchange.data = None
        # A 200 says that there is a body: without one it is cut short, and no empty list.
        if exchange.is_json and (response.content or response.status_code == HTTPStatus.OK):
            try:
                exchange.data = response.json()
            except ValueError:
                content = response.headers.get("Content-Type", "no content type")
                clause = self._describe(response, body=False)
                return UnreadableBodyError(f"{clause} with a body that is not JSON ({content})")
        if exchange.kind == "graphql":
            return self._judge_graphql(response, exchange)
        with self._lock:
            note(self.fields, response.url, exchange.data)
        return None

    def _judge_graphql(self, response: requests.Response, exchange: Exchange) -> HttpError | None:
        """GraphQL tells its failures with status 200, partial data beside them."""
        payload = exchange.data if isinstance(exchange.data, dict) else {}
        clause, data = self._describe(response, body=False), payload.get("data")
        found = payload.get("errors") or ()
        errors = [error if isinstance(error, dict) else {"message": str(error)} for error in found]
        if not errors:
            return None if isinstance(data, dict) else MalformedResponseError(f"{clause} without data")
        words = json.dumps(errors)
        messages = "; ".join(str(error.get("message")) for error in errors)
        text = f"{clause} with errors ({self._excerpt(messages)})"
        if _LIMITED_GRAPHQL.search(words):
            return RateLimitError(text, retry_after=self._policy.seconds_to_wait(response.headers))
        failure = GraphQLError
        if _HEAVY_GRAPHQL.search(words):
            failure = QueryTooHeavyError if exchange.can_shrink else QueryFailedError
        return failure(text, errors=errors, data=data)

    def _describe(self, response: requests.Response, *, body: bool = True) -> str:
        """The answer in one clause, with the vendor's own message where it gives one."""
        clause = f"{response.request.method} {redact_url(response.url)} answered {response.status_code}"
        try:
            told = response.json() if body else {}
        except ValueError:
            told = {}
        told = told if isinstance(told, dict) else {}
        message = (
            told.get("message") or told.get("error") or "; ".join(map(str, told.get("errorMessages") or ()))
        )
        return f"{clause} ({self._excerpt(str(message))})" if message else clause

    def _excerpt(self, message: str) -> str:
        return redact(" ".join(message.split()), self._auth.secrets())[:_MESSAGE_LENGTH]

    def _pause(self, state: RetryCallState) -> float:
        """What the vendor asks for, else growing waits; with jitter, so that connections spread out."""
        error = state.outcome.exception() if state.outcome else None
        asked = error.retry_after if isinstance(error, HttpError) else None
        if asked is not None:
            return asked + wait_random(0, 1)(state) if asked else 0
        if isinstance(error, RateLimitError):
            doubled: float = self._policy.backoff_seconds * 2 ** (state.attempt_number - 1)
            return doubled + wait_random(0, 1)(state)
        return wait_random_exponential(multiplier=1, max=self._patience.max_backoff_seconds)(state)

    def _is_enough(self, state: RetryCallState) -> bool:
        if state.attempt_number >= self._patience.attempts:
            return True
        return state.idle_for + state.upcoming_sleep > self._patience.max_wait_seconds

    def _wait(self, seconds: float) -> None:
        if seconds > _WORTH_SAYING_SECONDS:
            self._log(f"waiting {seconds:.0f} s before asking {urlsplit(self._base_url).hostname} again")
        with self._lock:
            self.waited += seconds
        self._sleep(seconds)


class _RenewedError(AuthenticationError):
    """A token was refused and has been renewed: worth one more attempt."""

    is_transient = True


def transport_failure(
    error: requests.RequestException, method: str, url: str, *, can_shrink: bool = False
) -> HttpError:
    """The failure without an answer, in words of ours: the library's own text may contain the whole URL."""
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.MissingSchema):
        return RejectedRequestError(f"{method} needs a valid URL, but was given or led to one that is none")
    clause = f"{method} {redact_url(url)}"
    if isinstance(error, requests.exceptions.ReadTimeout):
        failure = QueryTooHeavyError if can_shrink else TransportError
        return failure(f"{clause} was not answered in time")
    if isinstance(error, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return TruncatedBodyError(f"{clause} ended before its whole body had come")
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return RejectedRequestError(f"{clause} is redirected again and again")
    if isinstance(error, requests.exceptions.SSLError):
        return TransportError(f"{clause} failed, the server's certificate is not trusted")
    return TransportError(f"{clause} could not be sent or answered ({type(error).__name__})")


def _once(function: Callable[..., requests.Response], *arguments: Any) -> requests.Response:
    return function(*arguments)


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    default = {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or default
