"""PostHog's surface over the history's features: flags and their log by API, events as a batch export.

`app` answers the API, `payloads` says in PostHog's words what happened to flags, `export` writes the Parquet
files and manifests that a batch export would have written by now.
"""

from typing import Any

from sandbox.organisation import Organisation
from sandbox.posthog.app import PROJECT, PostHog
from sandbox.vendor import TOKEN_REFERENCE, Vendor

__all__ = ["VENDOR", "PostHog"]


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


VENDOR = Vendor("posthog", PostHog.of, _connection)
