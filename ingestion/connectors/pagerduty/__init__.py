"""PagerDuty: incidents with their log entries, services, and users as accounts.

This is the declaration; `source.py` walks, `windows.py` keeps lists within PagerDuty's limits, `tables.py`
says what comes out, `settings.py` what goes in.
"""

from __future__ import annotations

from ingestion.connector import Connector
from ingestion.connectors.pagerduty.checks import check
from ingestion.connectors.pagerduty.settings import EXAMPLE, PagerDutySettings, client
from ingestion.connectors.pagerduty.source import extract
from ingestion.connectors.pagerduty.tables import TABLES

CONNECTOR = Connector(
    name="pagerduty",
    title="PagerDuty",
    settings=PagerDutySettings,
    tables=TABLES,
    provides={
        "accounts": {},
        "incidents": {},
        "incident_events": {
            "triggered": "exact",
            "acknowledged": "exact",
            "assigned": "exact",
            "escalated": "exact",
            # PagerDuty knows when an incident ends, not when its impact does.
            "mitigated": "absent",
            "resolved": "exact",
            # A trigger after a resolution, or the reopening itself.
            "reopened": "exact",
            # The resolution of an incident that names the one it was merged into.
            "merged": "exact",
        },
    },
    client=client,
    extract=extract,
    check=check,
    paging=("offset and limit, within windows of creation times",),
    cursor="the latest log entry, less an hour",
    identities=lambda settings: settings.service_ids or ("the account",),
    example=EXAMPLE,
)
