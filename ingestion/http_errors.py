"""What can go wrong with a vendor's API, as exceptions of one clear sentence with its remedy.

They carry no request, response or cause: those hold tokens. `is_transient` marks what a later attempt may
cure, `retry_after` how long the vendor asked to wait before it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar


class HttpError(Exception):
    """Base of all failures of the HTTP client.

    Attributes:
        status: HTTP status, or None where there was no answer.
        retry_after: seconds that the vendor asked to wait, or None.
        is_transient: whether another attempt may succeed.
    """

    remedy: ClassVar[str] = ""
    is_transient: ClassVar[bool] = False

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(f"{message}: {self.remedy}" if self.remedy else message)
        self.status = status
        self.retry_after = retry_after


class AuthenticationError(HttpError):
    """401: the credentials are not accepted."""

    remedy = "the token is wrong, expired or revoked; put a valid one into the environment variable"


class AccessDeniedError(HttpError):
    """403 that is no rate limit: the credentials do not reach this far."""

    remedy = "give the token the missing scope or permission, or take the item out of the settings"


class NotFoundError(HttpError):
    """404: it does not exist, or the token may not know that it does."""

    remedy = "check its name in the settings, and that the token may see it"


class GoneError(NotFoundError):
    """410: it existed and was deleted, or the feature is switched off."""

    remedy = "it was deleted or is switched off; take it out of the settings"


class LegallyBlockedError(HttpError):
    """451: the vendor blocked it for legal reasons."""

    remedy = "the vendor blocks it for legal reasons; take it out of the settings"


class RejectedRequestError(HttpError):
    """Any other answer that refuses the request (400, 409, 422, a redirect of a POST …)."""


class ForeignOriginError(HttpError):
    """A link or redirect led to another host; nothing was sent there."""

    remedy = "set base_url to the host that answers in the end; credentials are never sent to another one"


class MalformedResponseError(HttpError):
    """A success whose body is not what the API promises: not JSON, a missing list, a page that repeats."""

    is_transient = False


class UnreadableBodyError(MalformedResponseError):
    """A success whose body is not JSON, as proxies and maintenance pages send it."""

    remedy = "something between here and the vendor may be answering in its place; try again later"
    is_transient = True


class TransportError(HttpError):
    """No usable answer: no connection, a timeout, an interrupted body."""

    remedy = "check base_url, network and proxy, then run again"
    is_transient = True


class TruncatedBodyError(TransportError):
    """The connection ended before the whole body had come."""

    remedy = "run again; what was read so far is not kept"


class ServerError(HttpError):
    """5xx: the vendor's side failed."""

    remedy = "the vendor's service has a fault; run again later"
    is_transient = True


class RateLimitError(HttpError):
    """A primary or secondary limit that could not be waited for."""

    remedy = "run again when the budget is back, or read less often"
    is_transient = True


class GraphQLError(HttpError):
    """A GraphQL answer with errors; partial data beside them is never a result.

    Attributes:
        errors: as the vendor gave them.
        data: the partial data, for a caller that can tell from `types` that the errors explain what lacks.
    """

    remedy = "the query does not fit what this server or token offers"

    def __init__(
        self,
        message: str,
        *,
        errors: Sequence[Mapping[str, Any]] = (),
        data: Any = None,
        status: int | None = 200,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, status=status, retry_after=retry_after)
        self.errors = errors
        self.data = data

    @property
    def types(self) -> frozenset[str]:
        """The vendor's words for the kinds of error, for instance `NOT_FOUND`."""
        return frozenset(str(error.get("type") or "") for error in self.errors)


class QueryTooHeavyError(GraphQLError):
    """The server gave up on the query (resource or node limit, timeout, 502, 504): ask for less at a time."""

    remedy = "ask for a smaller page"


class QueryFailedError(GraphQLError):
    """The server gave up on a query that cannot be made smaller; another attempt may succeed."""

    remedy = "the vendor could not run the query; run again later"
    is_transient = True
