"""What the parts of a walk share: the repository at hand, its state, the accounts seen, and page sizes.

REST and GraphQL name one account in two ways; `Accounts` brings both to one id and one login, and hands each
account out once per walk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ingestion.connector import Extraction, Page
from ingestion.connectors.github.settings import GitHubSettings

OVERLAP = timedelta(hours=1)
"""Re-read before each cursor: lists lag behind what they list, and clocks of servers differ."""

_SUCCESSES_BEFORE_GROWTH = 3
_APP_SUFFIX = "[bot]"
_NOREPLY = "@users.noreply.github.com"


@dataclass
class Accounts:
    """Accounts met in a walk, as rows to be written once."""

    _seen: set[str] = field(default_factory=set)
    _new: list[dict[str, Any]] = field(default_factory=list)

    def id_of(self, payload: Mapping[str, Any] | None) -> str | None:
        """Id of the account in a REST or GraphQL answer; None where it was deleted or is not told."""
        if not payload or not payload.get("login"):
            return None
        identity = payload.get("databaseId") or payload.get("id")
        if identity is None:
            return None
        if str(identity) not in self._seen:
            self._seen.add(str(identity))
            kind = payload.get("__typename") or payload.get("type")
            self._new.append({"id": str(identity), "login": login_of(payload), "type": kind})
        return str(identity)

    def take(self) -> Page:
        """The accounts met since the last call."""
        rows, self._new = self._new, []
        return Page("accounts", rows)


def login_of(payload: Mapping[str, Any]) -> str:
    """The login; of an app its slug and [bot], which GraphQL leaves out and REST may show as a name."""
    login = str(payload["login"])
    if (payload.get("__typename") or payload.get("type")) != "Bot":
        return login
    _, is_app, slug = str(payload.get("html_url") or "").partition("/apps/")
    return (slug if is_app and slug else login.removesuffix(_APP_SUFFIX)) + _APP_SUFFIX


@dataclass
class Walk:
    """One repository within one extraction.

    Attributes:
        extraction: what the kit gave.
        accounts: shared by all repositories of the extraction.
        repository_id: repositories.id.
        name: owner/name.
        default_branch: name of the branch that deployments come from.
        state: this repository's part of the connection's state.
        rerun_ids: workflow runs that pull requests show to have run again.
    """

    extraction: Extraction
    accounts: Accounts
    repository_id: str
    name: str
    default_branch: str
    state: dict[str, Any]
    rerun_ids: set[str] = field(default_factory=set)

    @property
    def settings(self) -> GitHubSettings:
        """The connection's settings."""
        settings: GitHubSettings = self.extraction.settings
        return settings

    @property
    def variables(self) -> dict[str, str]:
        """Owner and name, as GraphQL wants them."""
        owner, _, name = self.name.partition("/")
        return {"owner": owner, "name": name}

    def graphql(
        self, query: str, variables: Mapping[str, Any], *, can_shrink: bool = False
    ) -> dict[str, Any]:
        """Data of a GraphQL query at this connection's endpoint."""
        return self.extraction.http.graphql(
            query, variables, path=self.settings.graphql_url, can_shrink=can_shrink
        )

    def part(self, name: str) -> dict[str, Any]:
        """This repository's state of one part, to be changed in place."""
        part: dict[str, Any] = self.state.setdefault(name, {})
        return part

    def stop_at(self, cursor: str | None, overlap: timedelta = OVERLAP) -> datetime | None:
        """Instant before which nothing need be read: cursor less overlap, or the earlier `since`."""
        since = self.extraction.since
        if cursor is None:
            return since
        resumed = instant(cursor) - overlap
        return min(resumed, since) if since else resumed

    def log(self, message: str) -> None:
        """Tell the person who waits, naming the repository."""
        self.extraction.log(f"{self.name}: {message}")


@dataclass
class PageSize:
    """How many to ask for at once: halves when the server gives up, grows back after some successes."""

    size: int
    largest: int
    _successes: int = 0

    def shrink(self) -> None:
        """Halve it."""
        self.size, self._successes = max(1, self.size // 2), 0

    def succeeded(self) -> None:
        """Grow back towards the largest."""
        self._successes += 1
        if self._successes >= _SUCCESSES_BEFORE_GROWTH:
            self.size, self._successes = min(self.largest, self.size * 2), 0


def instant(text: str) -> datetime:
    """The aware datetime of GitHub's ISO 8601 text, whatever its offset."""
    return datetime.fromisoformat(text)


def account_in(email: str | None) -> str | None:
    """The account id in GitHub's own no-reply address, `<id>+<login>@users.noreply.github.com`."""
    address = (email or "").lower()
    identity, has_login, _ = address.removesuffix(_NOREPLY).partition("+")
    return identity if address.endswith(_NOREPLY) and has_login and identity.isdigit() else None
