"""Walks of the GitLab connector over the small GitLab, again and again with one state, as runs do."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from support.gitlab import API, PATH, TOKEN, FakeGitLab

from ingestion.connector import Extraction, Finding, Page
from ingestion.connectors.gitlab import CONNECTOR
from ingestion.connectors.gitlab.settings import GitLabSettings, client
from ingestion.identity import EmailHasher

Row = dict[str, Any]
HASHER = EmailHasher(b"key")


@dataclass
class Walked:
    """What one walk gave, said and asked for."""

    pages: list[Page]
    said: list[str]
    requests: list[str]

    def rows(self, table: str) -> list[Row]:
        """Rows of a table."""
        return [dict(row) for page in self.pages if page.table == table for row in page.rows]

    def row(self, table: str, **wanted: Any) -> Row:
        """The one row with these values."""
        (row,) = [row for row in self.rows(table) if wanted.items() <= row.items()]
        return row


@dataclass
class Walker:
    """Walks the small GitLab again and again with one state, as runs do."""

    fake: FakeGitLab
    origin: str
    workspace: Path
    state: Row = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)
    changes: Row = field(default_factory=lambda: {"projects": [PATH], "clone": False})

    def extraction(self, since: datetime | None = None, said: list[str] | None = None) -> Extraction:
        settings = GitLabSettings(
            name="acme", connector="gitlab", base_url=self.origin + API, token=TOKEN, **self.changes
        )
        return Extraction(
            settings=settings,
            http=client(settings, sleep=self.waited.append),
            state=self.state,
            started_at=datetime(2026, 2, 1, 6, tzinfo=UTC),
            workspace=self.workspace,
            hash_email=HASHER,
            since=since,
            log=[].append if said is None else said.append,
        )

    def walk(self, since: datetime | None = None) -> Walked:
        """One complete walk."""
        said: list[str] = []
        before = len(self.fake.requests)
        pages = list(CONNECTOR.extract(self.extraction(since, said)))
        return Walked(pages, said, self.fake.requests[before:])

    def check(self) -> list[Finding]:
        """What `flowgauge doctor` finds."""
        return list(CONNECTOR.check(self.extraction()))
