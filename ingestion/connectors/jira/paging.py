"""Paging of Jira's newer lists, by `nextPageToken`.

The last page is the one without a token, however short the others are. A repeated token is an error of the
client; tokens that go on for ever without bringing anything new are one of the walk (`search.py`). Imported
only where pages are walked, because dlt is slow to import.
"""

from __future__ import annotations

from typing import Any

from dlt.sources.helpers.rest_client.paginators import BasePaginator
from requests import Request, Response

from ingestion.http import MalformedResponseError


class TokenPaginator(BasePaginator):
    """Asks for the next page with the token of the last one, in the body of the POST."""

    def __init__(self) -> None:
        super().__init__()
        self._token: str | None = None

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:  # noqa: ARG002
        """Take the token; `isLast` beside it, where there is one, must agree."""
        told = response.json()
        self._token = told.get("nextPageToken")
        if told.get("isLast") is False and not self._token:
            raise MalformedResponseError("Jira says that there are more pages, and gives no token for them")
        self._has_next_page = bool(self._token) and told.get("isLast") is not True

    def update_request(self, request: Request) -> None:
        """Put the token beside the query that it is bound to."""
        request.json = {**(request.json or {}), "nextPageToken": self._token}
