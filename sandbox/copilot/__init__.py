"""Copilot's surface over the history: usage reports behind signed links, seats, and agent tasks.

`app` dispatches and guards, `reports` makes usage and seats of the sessions on record, `tasks` makes agent
tasks of the changes that the agent's account authored.
"""

from typing import Any

from sandbox.copilot.app import Copilot
from sandbox.organisation import Organisation
from sandbox.vendor import TOKEN_REFERENCE, Vendor

__all__ = ["VENDOR", "Copilot"]


def _connection(organisation: Organisation, url: str, now: int) -> dict[str, Any]:
    return {
        "name": f"{organisation.company}-copilot",
        "connector": "copilot",
        "base_url": url,
        "token": TOKEN_REFERENCE,
        "organization": organisation.company,
        "repositories": [repository.name_at(now) for repository in organisation.history.repositories],
    }


VENDOR = Vendor("copilot", Copilot.of, _connection)
