"""GitHub's surface over the history: REST, GraphQL and git, with its limits, its paging and its ways to fail.

`app` dispatches, `view` is the history as of now, `rest` and `payloads` answer REST, `graph` and `nodes`
answer GraphQL by the schema in `schema.graphql`, `limits` counts.
"""

from typing import Any

from sandbox.github.app import GitHub
from sandbox.organisation import Organisation
from sandbox.vendor import TOKEN_REFERENCE, Vendor

__all__ = ["VENDOR", "GitHub"]


def _connection(organisation: Organisation, url: str, now: int) -> dict[str, Any]:
    return {
        "name": f"{organisation.company}-github",
        "connector": "github",
        "base_url": url,
        "token": TOKEN_REFERENCE,
        "repositories": [repository.name_at(now) for repository in organisation.history.repositories],
    }


VENDOR = Vendor("github", GitHub, _connection)
