"""What the tests of the Jira connector share: a small Jira, and walks over it with their state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.jira import NOW, SmallJira

from ingestion.connector import Extraction, Page
from ingestion.connectors.jira import CONNECTOR
from ingestion.connectors.jira.settings import JiraSettings, client
from ingestion.identity import EmailHasher

Row = dict[str, Any]


@dataclass
class Walked:
    """What one walk gave."""

    pages: list[Page]
    extraction: Extraction

    def rows(self, table: str) -> list[Row]:
        """Rows of a table, the last of each key."""
        key = CONNECTOR.table(table).key
        found: dict[tuple[Any, ...], Row] = {}
        for page in self.pages:
            if page.table == table:
                found.update((tuple(row[name] for name in key), dict(row)) for row in page.rows)
        return list(found.values())

    def ids(self, table: str = "issues") -> set[str]:
        """Ids of a table's rows."""
        return {row["id"] for row in self.rows(table)}


@dataclass
class Walker:
    """Walks a Jira again and again with one state, as runs do."""

    jira: SmallJira
    changes: Row
    state: Row = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)

    def extraction(self, started_at: datetime = NOW, since: datetime | None = None) -> Extraction:
        settings = JiraSettings(**self.jira.connection(**self.changes))
        return Extraction(
            settings=settings,
            http=client(settings, sleep=self.waited.append),
            state=self.state,
            started_at=started_at,
            workspace=Path(),
            hash_email=EmailHasher(b"key"),
            since=since,
        )

    def walk(self, started_at: datetime = NOW, since: datetime | None = None) -> Walked:
        """One complete walk."""
        extraction = self.extraction(started_at, since)
        self.jira.requests.clear()
        return Walked(list(CONNECTOR.extract(extraction)), extraction)


@pytest.fixture
def jira() -> Iterator[SmallJira]:
    with SmallJira().running() as running:
        yield running


@pytest.fixture
def walker(jira: SmallJira) -> Callable[..., Walker]:
    """Makes a walker with the settings given beside the usual ones."""
    return lambda **changes: Walker(jira, changes)
