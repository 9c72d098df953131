"""Paging by dlt's REST client and paginators, strict about what a page is.

dlt takes an answer without the promised list for an empty page, which ends a walk early and in silence; here
it is an error. Import it only where pages are walked: dlt is slow to import.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import requests
from dlt.common import jsonpath
from dlt.common.configuration.specs.runtime_configuration import RuntimeConfiguration
from dlt.sources.helpers.rest_client.client import RESTClient
from dlt.sources.helpers.rest_client.paginators import BasePaginator, HeaderLinkPaginator

from ingestion.http_errors import MalformedResponseError
from ingestion.redaction import redact_url


class StrictClient(RESTClient):
    """dlt's client for one origin, whose session does all that `transport.py` promises."""

    def __init__(self, base_url: str, session: requests.Session) -> None:
        super().__init__(base_url, session=session, config=RuntimeConfiguration())

    def extract_response(self, response: requests.Response, data_selector: jsonpath.TJsonPath) -> list[Any]:
        """The list at the selector; an answer without a body is an empty one.

        Raises:
            MalformedResponseError: there is no list.
        """
        if not response.content:
            return []
        found = jsonpath.find_values(_compiled(data_selector), response.json())
        if len(found) != 1 or not isinstance(found[0], list):
            where = redact_url(response.url)
            raise MalformedResponseError(f"{where} answered without the list at {data_selector!r}")
        items: list[Any] = found[0]
        return items


@cache
def _compiled(selector: jsonpath.TJsonPath) -> jsonpath.TJsonPath:
    """Parsing a path takes as long as sending a request."""
    return jsonpath.compile_path(selector)


def header_link() -> BasePaginator:
    """The default: the `Link` header's `next`."""
    return HeaderLinkPaginator()
