"""What the tests of the GitHub connector share: the fake server, and walks over it with their state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support.github import FakeGitHub
from support.replay import replay  # noqa: F401 - a fixture

from ingestion.connector import Extraction, Page
from ingestion.connectors.github import CONNECTOR
from ingestion.connectors.github.settings import GitHubSettings, client
from ingestion.identity import EmailHasher

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
"""The day after the fixture's story ends; what it leaves open is still young then."""

Row = dict[str, Any]


@dataclass
class Walked:
    """What one walk gave."""

    pages: list[Page]
    requests: dict[str, int]
    said: list[str]
    extraction: Extraction
    new: list[str] = field(default_factory=list)

    def rows(self, table: str) -> list[Row]:
        """Rows of a table, the last of each key."""
        key = CONNECTOR.table(table).key
        found: dict[tuple[Any, ...], Row] = {}
        for page in self.pages:
            if page.table == table:
                found.update((tuple(row[name] for name in key), dict(row)) for row in page.rows)
        return list(found.values())

    def row(self, table: str, **wanted: Any) -> Row:
        """The one row with these values."""
        (row,) = [row for row in self.rows(table) if wanted.items() <= row.items()]
        return row


@dataclass
class Walker:
    """Walks a fake again and again with one state, as runs do."""

    fake: FakeGitHub
    workspace: Path
    changes: Row
    state: Row = field(default_factory=dict)
    waited: list[float] = field(default_factory=list)

    @property
    def settings(self) -> GitHubSettings:
        return GitHubSettings(**self.fake.connection(**self.changes))

    def extraction(self, said: list[str], at: datetime = NOW, since: datetime | None = None) -> Extraction:
        return Extraction(
            settings=self.settings,
            http=client(self.settings, sleep=self.waited.append),
            state=self.state,
            started_at=at,
            workspace=self.workspace,
            hash_email=EmailHasher(b"key"),
            since=since,
            log=said.append,
        )

    def walk(self, at: datetime = NOW, since: datetime | None = None) -> Walked:
        """One complete walk."""
        said: list[str] = []
        before = len(self.fake.requests)
        extraction = self.extraction(said, at, since)
        pages = list(CONNECTOR.extract(extraction))
        sent = dict(extraction.http.request_counts)
        return Walked(pages, sent, said, extraction, self.fake.requests[before:])

    def begin(self) -> Iterator[Page]:
        """A walk that the test drives, and may see fail."""
        return CONNECTOR.extract(self.extraction([]))


@pytest.fixture
def fake(tmp_path: Path) -> Iterator[FakeGitHub]:
    with FakeGitHub(tmp_path / "forge") as running:
        yield running


@pytest.fixture
def walker(fake: FakeGitHub, tmp_path: Path) -> Callable[..., Walker]:
    """Makes a walker over acme/checkout without a clone, or as the settings given say."""

    def make(**changes: Any) -> Walker:
        chosen = {} if "organization" in changes else {"repositories": ["acme/checkout"]}
        return Walker(fake, tmp_path / "workspace", {**chosen, "clone": False, **changes})

    return make


@pytest.fixture(scope="session")
def private_key() -> str:
    """A key of a GitHub App, made for this session."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
