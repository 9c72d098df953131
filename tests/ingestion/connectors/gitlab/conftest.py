"""The small GitLab, served, and a walker over it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.gitlab import FakeGitLab
from support.gitlab_walks import Walker

from ingestion.conformance.server import Server


@pytest.fixture
def walker(tmp_path: Path) -> Iterator[Walker]:
    fake = FakeGitLab()
    with Server(fake) as server:
        yield Walker(fake, server.origin, tmp_path)
