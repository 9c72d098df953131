"""What the parts of a walk share: accounts and issues met, the profile's zone, and what was read before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.connector import Extraction
from ingestion.connectors.jira.rows import Accounts
from ingestion.connectors.jira.search import OVERLAP, profile_zone

Payload = dict[str, Any]


@dataclass
class Walk:
    """One walk of a connection.

    Attributes:
        extraction: what the kit gave.
        accounts: the accounts met.
        projects: projects by id, as issues show them.
        seen: ids of the issues read.
        standing: ids of the issues that reconciliations found, by the project's name.
    """

    extraction: Extraction
    accounts: Accounts
    projects: dict[str, Payload] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    standing: dict[str, set[str]] = field(default_factory=dict)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Zone in which Jira reads dates; asked for where a cursor needs it."""
        return profile_zone(self.extraction)

    def project(self, name: str) -> Project:
        """What is known of a project from this walk and those before."""
        states: dict[str, Payload] = self.extraction.state.setdefault("projects", {})
        return Project(name, self, states.setdefault(name, {}))

    def is_due(self, last: str | None, every: timedelta) -> bool:
        """Whether something was last done that long ago, or never."""
        return last is None or self.extraction.started_at - datetime.fromisoformat(last) >= every

    @property
    def started_at(self) -> str:
        """Start of this walk, as states bear it."""
        return self.extraction.started_at.isoformat()


@dataclass(frozen=True)
class Project:
    """A project as the settings name it, with its part of the state, which is changed in place."""

    name: str
    walk: Walk
    state: Payload

    @property
    def resumed_at(self) -> datetime | None:
        """Instant from which changes are read; None for a project that was never read."""
        since, cursor = self.walk.extraction.since, self.state.get("updated_through")
        if cursor is None:
            return since
        resumed = datetime.fromisoformat(cursor) - OVERLAP
        return min(resumed, since) if since else resumed

    def learn_id(self, ids: Iterable[Any]) -> None:
        """Take Jira's id of the project from its issues, once."""
        known = [each for each in ids if isinstance(each, str)]
        if known:
            self.state.setdefault("id", known[0])

    def move_to(self, newest: datetime) -> bool:
        """Move the cursor to the newest update seen; true where that was not known before.

        Not beyond the start of the walk: what was updated since may have been read before that update.
        """
        cursor = self.state.get("updated_through")
        known = datetime.fromisoformat(cursor) if cursor else None
        through = min(newest, self.walk.extraction.started_at)
        if known is None or through > known:
            self.state["updated_through"] = through.astimezone(UTC).isoformat()
        return known is None or newest > known
