"""Claude Code: what each person or API key did with it on each day, by Anthropic's analytics.

This is the declaration; `source.py` walks, `tables.py` says what comes out.
"""

from __future__ import annotations

from ingestion.connector import Connector
from ingestion.connectors.claude_code.checks import check
from ingestion.connectors.claude_code.settings import EXAMPLE, ClaudeCodeSettings, client
from ingestion.connectors.claude_code.source import extract
from ingestion.connectors.claude_code.tables import TABLES

CONNECTOR = Connector(
    name="claude_code",
    title="Claude Code",
    settings=ClaudeCodeSettings,
    tables=TABLES,
    provides={"accounts": {}, "assistant_usage_daily": {}},
    # Usage comes by terminal as well, and is summed up by person and day.
    grains={"accounts": "actors"},
    client=client,
    paging=("next_page, a token in the answer",),
    cursor="the day of the last walk, and the one before it",
    extract=extract,
    history_days=lambda settings: settings.history_days,
    check=check,
    example=EXAMPLE,
)
