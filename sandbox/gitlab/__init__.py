"""GitLab's surface over the history: REST and git, with its paging, its limits and its ways to fail.

`app` lets in and counts, `rest` finds the endpoint and pages, `view` is the history as of now, `notes` says
it in GitLab's words, `payloads` makes the objects. Tickets are issues here.
"""

from typing import Any

from sandbox.gitlab.app import GitLab
from sandbox.organisation import Organisation
from sandbox.vendor import TOKEN_REFERENCE, Vendor

__all__ = ["VENDOR", "GitLab"]


def _connection(organisation: Organisation, url: str, now: int) -> dict[str, Any]:
    return {
        "name": f"{organisation.company}-gitlab",
        "connector": "gitlab",
        "base_url": f"{url}/api/v4",
        "token": TOKEN_REFERENCE,
        "projects": [repository.name_at(now) for repository in organisation.history.repositories],
    }


def _settings(organisation: Organisation, now: int) -> dict[str, Any]:
    """What its labels mean, and whose its projects are; without one an issue is opened or closed."""
    statuses = {
        "idea": ["opened"],
        "ready": ["workflow::ready"],
        "started": ["workflow::in progress"],
        "done": ["closed"],
    }
    return {
        "trackers": [
            {"project": team.repositories[0].name_at(now), "team": team.name, "statuses": statuses}
            for team in organisation.teams
        ]
    }


VENDOR = Vendor("gitlab", GitLab.of, _connection, _settings)
