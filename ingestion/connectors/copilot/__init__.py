"""GitHub Copilot: what each person did with it on each day, who holds seats, and tasks given to agents.

This is the declaration; `source.py` walks, `tables.py` says what comes out.
"""

from __future__ import annotations

from ingestion.connector import Connector
from ingestion.connectors.copilot.checks import check
from ingestion.connectors.copilot.settings import EXAMPLE, CopilotSettings, client, identities
from ingestion.connectors.copilot.source import extract
from ingestion.connectors.copilot.tables import TABLES

CONNECTOR = Connector(
    name="copilot",
    title="GitHub Copilot",
    settings=CopilotSettings,
    tables=TABLES,
    provides={
        "accounts": {},
        "assistant_usage_daily": {},
        "assistant_seats": {},
        "assistant_sessions": {},
        "session_changes": {},
    },
    grains={
        "accounts": "accounts",
        "assistant_usage_daily": "user_days",
        "assistant_seats": "seats",
        "assistant_sessions": "agent_tasks",
        "session_changes": "agent_task_artifacts",
    },
    client=client,
    paging=("Link header",),
    cursor="the last day that had a report; the last change of a task, by repository",
    extract=extract,
    history_days=lambda settings: settings.history_days,
    check=check,
    identities=identities,
    example=EXAMPLE,
)
