"""What the parts of a walk share: the project at hand, its state, accounts, and lists of what has changed.

Lists by last update are read as a window that moves on from the last row of each page: where rows that change
meanwhile leave the front of such a list, its numbered pages would skip as many.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ingestion.connector import Extraction, Page
from ingestion.connectors.gitlab.settings import GitLabSettings
from ingestion.http import AccessDeniedError, NotFoundError

Payload = dict[str, Any]
Answer = TypeVar("Answer")

OVERLAP = timedelta(hours=1)
"""Re-read before each cursor: lists lag behind what they list, and clocks of servers differ."""

PAGE_SIZE = 100
_SECOND = timedelta(seconds=1)
_REFUSALS = 3
"""So often an endpoint that never answered is tried: one refusal may be of a single item that is gone."""


@dataclass
class Accounts:
    """Accounts met in a walk. Only a user's own page tells bots and public addresses: it is asked for once.

    Attributes:
        extraction: what the kit gave.
        known: username → id of the accounts that stand already, kept in the connection's state.
    """

    extraction: Extraction
    known: dict[str, str]
    _new: list[Payload] = field(default_factory=list)

    def id_of(self, payload: Mapping[str, Any] | None) -> str | None:
        """Id of the user in an answer; None where there is none."""
        if not payload or payload.get("id") is None:
            return None
        identity, username = str(payload["id"]), str(payload["username"])
        if self.known.get(username) != identity:
            self._meet(identity, username, self._profile(identity))
        return identity

    def named(self, username: str) -> str | None:
        """Id of the user of that name; None where nobody bears it any more."""
        if username not in self.known:
            self.id_of(next((one for one in self._found(username) if one["username"] == username), None))
        return self.known.get(username)

    def take(self) -> Page:
        """The accounts met since the last call."""
        rows, self._new = self._new, []
        return Page("accounts", rows)

    def _meet(self, identity: str, username: str, profile: Mapping[str, Any]) -> None:
        self.known[username] = identity
        self._new.append(
            {
                "id": identity,
                "username": username,
                "is_bot": profile.get("bot"),
                "email_hash": self.extraction.hash_email(profile.get("public_email") or None),
            }
        )

    def _found(self, username: str) -> list[Payload]:
        try:
            found: list[Payload] = self.extraction.http.get_json("/users", {"username": username})
        except (NotFoundError, AccessDeniedError):
            return []
        return found

    def _profile(self, identity: str) -> Mapping[str, Any]:
        try:
            profile: Mapping[str, Any] = self.extraction.http.get_json(f"/users/{identity}")
        except (NotFoundError, AccessDeniedError):
            return {}
        return profile


@dataclass
class Walk:
    """One project within one extraction.

    Attributes:
        extraction: what the kit gave.
        accounts: shared by all projects of the extraction.
        project: GitLab's answer about the project.
        state: this project's part of the connection's state.
    """

    extraction: Extraction
    accounts: Accounts
    project: Payload
    state: dict[str, Any]
    _answered: set[str] = field(default_factory=set)
    _refused: Counter[str] = field(default_factory=Counter)

    @property
    def settings(self) -> GitLabSettings:
        """The connection's settings."""
        settings: GitLabSettings = self.extraction.settings
        return settings

    @property
    def id(self) -> str:
        """GitLab's numeric id, which outlives renaming and moving."""
        return str(self.project["id"])

    @property
    def name(self) -> str:
        """Path with its groups, as it is today."""
        return str(self.project["path_with_namespace"])

    def part(self, name: str) -> dict[str, Any]:
        """This project's state of one part, to be changed in place."""
        part: dict[str, Any] = self.state.setdefault(name, {})
        return part

    def log(self, message: str) -> None:
        """Tell the person who waits, naming the project."""
        self.extraction.log(f"{self.name}: {message}")

    def get_if_allowed(self, path: str) -> Payload | None:
        """The answer to a path below the project; None where there is none, or the token may not read it."""
        url = f"/projects/{self.id}{path}"
        answer: Payload | None = self._if_allowed(path, lambda: self.extraction.http.get_json(url))
        return answer

    def pages(self, path: str, **params: Any) -> Iterator[list[Payload]]:
        """Pages of a list below the project."""
        asked = {"per_page": PAGE_SIZE, **params}
        for page in self.extraction.http.pages(f"/projects/{self.id}{path}", asked):
            yield list(page)

    def all_of(self, path: str, **params: Any) -> list[Payload] | None:
        """A whole list below the project; None where it does not exist or the token may not read it."""
        return self._if_allowed(path, lambda: [row for page in self.pages(path, **params) for row in page])

    def _if_allowed(self, path: str, ask: Callable[[], Answer]) -> Answer | None:
        """The answer, unless it is refused; a kind that was refused again and again is not asked for."""
        kind = path.rpartition("/")[2]
        if kind not in self._answered and self._refused[kind] >= _REFUSALS:
            return None
        try:
            answer = ask()
        except (NotFoundError, AccessDeniedError) as error:
            self._refused[kind] += 1
            if self._refused[kind] == 1:
                self.log(f"{path.strip('/')} is not to be had ({error.status})")
            return None
        self._answered.add(kind)
        return answer

    def changed(self, part: str, path: str, **params: Any) -> Iterator[list[Payload]]:
        """Pages of the rows of a list that changed since the last walk; moves the cursor after the last.

        Rows that the overlap brings again as they were are left out.
        """
        state = self.part(part)
        since, cursor = self.extraction.since, state.get("cursor")
        known: dict[str, str | None] = {} if since else state.get("known", {})
        met: dict[str, str | None] = {}
        start = min(
            [at for at in (instant(cursor) - OVERLAP if cursor else since, since) if at], default=None
        )
        for page in self._window(path, params, start):
            fresh = [row for row in page if _is_news(row, known, met)]
            met.update((str(row["id"]), row.get("updated_at")) for row in page)
            yield fresh
        state["cursor"] = max([at for at in (*met.values(), cursor) if at], key=instant, default=None)
        listed_from = instant(state["cursor"]) - OVERLAP if state["cursor"] else None
        state["known"] = {
            key: at
            for key, at in {**state.get("known", {}), **met}.items()
            if at and listed_from and instant(at) >= listed_from
        }

    def _window(
        self, path: str, params: Mapping[str, Any], start: datetime | None
    ) -> Iterator[list[Payload]]:
        """Pages of a list by last update; whether `updated_after` includes its instant differs by list."""
        after = start
        while True:
            asked = {"per_page": PAGE_SIZE, "order_by": "updated_at", "sort": "asc", **params}
            if after:
                asked["updated_after"] = after.isoformat()
            has_more = False
            for page in self.extraction.http.pages(f"/projects/{self.id}{path}", asked):
                yield list(page)
                has_more = page.paginator.has_next_page
                last = page[-1].get("updated_at") if page else None
                moved = instant(last) - _SECOND if last else None
                if moved and (after is None or moved > after):
                    after = moved
                    break
            if not has_more:
                return


def _is_news(row: Payload, known: Mapping[str, str | None], met: Mapping[str, str | None]) -> bool:
    """Whether a row differs from what was read of it, in the last walk or earlier in this one."""
    key, updated = str(row["id"]), row.get("updated_at")
    return not ((key in met and met[key] == updated) or (updated and known.get(key) == updated))


def instant(text: str) -> datetime:
    """The aware datetime of GitLab's ISO 8601 text, whatever its offset."""
    return datetime.fromisoformat(text)


def words(value: Any) -> str:
    """A text to search in; what is no text holds no words, and is left to the check of its row."""
    return value if isinstance(value, str) else ""


def text(value: Any) -> str | None:
    """A number or text as text; null stays null."""
    return None if value is None else str(value)
