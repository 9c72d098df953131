"""Jira Cloud: issues with their change logs, sprints, and links to changes.

This is the declaration; `source.py` walks, `tables.py` says what comes out, `settings.py` what goes in.
"""

from __future__ import annotations

from ingestion.connector import Connector
from ingestion.connectors.jira.checks import check
from ingestion.connectors.jira.settings import EXAMPLE, JiraSettings, client
from ingestion.connectors.jira.source import extract
from ingestion.connectors.jira.tables import TABLES

CONNECTOR = Connector(
    name="jira",
    title="Jira Cloud",
    settings=JiraSettings,
    tables=TABLES,
    provides={
        "accounts": {},
        "work_items": {},
        "work_item_events": {
            "created": "exact",
            "status": "exact",
            "assignee": "exact",
            "due_at": "exact",
            "sprint": "exact",
            "parent": "exact",
        },
        "work_item_changes": {},
    },
    grains={"accounts": "accounts"},
    client=client,
    extract=extract,
    check=check,
    paging=("tokens in the body of a search", "startAt for boards and sprints"),
    cursor="the last update read of each project, less two hours",
    identities=lambda settings: settings.projects,
    example=EXAMPLE,
)
