"""Jira Cloud's surface over the history's tickets: search, change logs, boards, with its limits and errors.

`app` lets in, `endpoints` answer, `view` is the tracker as of now, `jql` searches it, `payloads` shape it.
"""

from typing import Any

from sandbox.jira.app import Jira
from sandbox.jira.view import projects
from sandbox.organisation import Organisation
from sandbox.vendor import TOKEN_REFERENCE, Vendor

__all__ = ["VENDOR", "Jira"]


def _connection(organisation: Organisation, url: str, _now: int) -> dict[str, Any]:
    return {
        "name": f"{organisation.company}-jira",
        "connector": "jira",
        "base_url": url,
        "email": "flowgauge@acme.example",
        "token": TOKEN_REFERENCE,
        "projects": [project.key for project in projects(organisation)],
    }


def _settings(organisation: Organisation, _now: int) -> dict[str, Any]:
    """What its statuses mean, and whose its projects are."""
    statuses = {
        "idea": ["Idea"],
        "ready": ["Ready"],
        "started": ["In Progress"],
        "done": ["Done"],
        "rejected": ["Rejected"],
    }
    return {
        "trackers": [
            {"project": project.key, "team": project.team, "statuses": statuses}
            for project in projects(organisation)
        ]
    }


VENDOR = Vendor("jira", Jira.of, _connection, _settings)
