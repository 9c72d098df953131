"""PostHog's surface over the history's features: flags and their log by API, events as a batch export.

`app` answers the API, `payloads` says in PostHog's words what happened to flags, `export` writes the Parquet
files and manifests that a batch export would have written by now.
"""

from typing import Any

from sandbox.organisation import Organisation
from sandbox.posthog.app import PROJECT, PostHog
from sandbox.vendor import TOKEN_REFERENCE, Vendor

__all__ = ["VENDOR", "PostHog"]


ADOPTION_DAYS = 90


def _connection(organisation: Organisation, url: str, _now: int) -> dict[str, Any]:
    return {
        "name": f"{organisation.company}-posthog",
        "connector": "posthog",
        "base_url": url,
        "token": TOKEN_REFERENCE,
        "project": PROJECT,
        "events": sorted(feature.key_event for feature in organisation.history.features),
        "customer": "distinct_id",
        "export_folder": "posthog",
    }


def _settings(organisation: Organisation, now: int) -> dict[str, Any]:
    """The features that were begun by now, with what adopting one means."""
    tickets: dict[str, list[str]] = {}
    for ticket in organisation.history.tickets:
        if ticket.feature and ticket.created_at <= now:
            tickets.setdefault(ticket.feature.name, []).append(ticket.key)
    return {
        "features": [
            {
                "name": feature.name,
                "flag": feature.flag,
                "key_event": feature.key_event,
                "within_days": ADOPTION_DAYS,
                "tickets": tickets[feature.name],
            }
            for feature in organisation.history.features
            if feature.name in tickets
        ]
    }


VENDOR = Vendor("posthog", PostHog.of, _connection, _settings)
