"""PostHog: feature flags with their history by API, and product events from a batch export's Parquet files.

This is the declaration; `flags.py` reads the API, `exports.py` the files, `tables.py` says what comes out,
`settings.py` what goes in.
"""

from __future__ import annotations

from ingestion.connector import Connector
from ingestion.connectors.posthog.checks import check
from ingestion.connectors.posthog.settings import EXAMPLE, PostHogSettings, client
from ingestion.connectors.posthog.source import extract
from ingestion.connectors.posthog.tables import TABLES

CONNECTOR = Connector(
    name="posthog",
    title="PostHog",
    settings=PostHogSettings,
    tables=TABLES,
    provides={
        "accounts": {},
        "feature_flags": {},
        "feature_flag_events": {
            "created": "exact",
            "rollout_changed": "exact",
            "switched_off": "exact",
            "archived": "exact",
        },
        "customer_accounts": {},
        "feature_exposures": {},
        "product_events_daily": {},
    },
    grains={"accounts": "accounts", "feature_flags": "feature_flags"},
    client=client,
    extract=extract,
    check=check,
    paging=("address of the next page",),
    cursor="the latest entry of the activity log, less an hour; the intervals of the export that were read",
    identities=lambda settings: (settings.project,),
    example=EXAMPLE,
)
