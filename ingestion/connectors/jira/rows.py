"""What Jira tells of an issue, as rows. Prose ends here: of change logs only the named fields are kept.

A value of another shape than Jira documents is passed on as it is, for the row's check to refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ingestion.connector import Page
from ingestion.identity import EmailHasher

Payload = dict[str, Any]

FIELDS = (
    "assignee",
    "created",
    "creator",
    "duedate",
    "issuetype",
    "parent",
    "project",
    "reporter",
    "resolution",
    "resolutiondate",
    "status",
    "updated",
)
"""All that is asked for; the summary and other prose is not."""

_CHANGED_FIELDS = {
    "assignee": "assignee",
    "duedate": "duedate",
    "epic link": "parent",
    "issueparentassociation": "parent",
    "parent": "parent",
    "sprint": "sprint",
    "status": "status",
}
_NAMED_FIELDS = ("parent", "sprint", "status")
_KEY_FIELD = "key"
_REMOTE_LINK_FIELDS = frozenset({"remoteissuelink", "remoteworkitemlink"})
"""As it was called until 2025, and since Jira calls issues work items; old entries keep the old name."""

_CHANGE_ADDRESS = re.compile(
    r"^https?://[^/]+/(?P<repository>[\w.-]+(?:/[\w.-]+)+?)/(?:-/)?(?:pull|merge_requests)/(?P<number>\d+)(?![\w-])"
)
_LEAST_MILLISECONDS = 100_000_000_000
"""Change logs come in milliseconds and are documented in seconds, which get there in the year 5138."""


@dataclass
class Accounts:
    """Accounts met in a walk, as rows to be written once."""

    hash_email: EmailHasher
    _seen: set[str] = field(default_factory=set)
    _new: list[Payload] = field(default_factory=list)

    def id_of(self, payload: Any) -> Any:
        """Id of the account in an answer; None where there is none."""
        identity = part(payload, "accountId")
        if isinstance(identity, str) and identity not in self._seen:
            self._seen.add(identity)
            self._new.append(
                {
                    "id": identity,
                    "display_name": payload.get("displayName"),
                    "type": payload.get("accountType"),
                    "email_hash": self.hash_email(payload.get("emailAddress")),
                }
            )
        return identity

    def take(self) -> Page:
        """The accounts met since the last call."""
        rows, self._new = self._new, []
        return Page("accounts", rows)


def part(payload: Any, *path: str) -> Any:
    """A value within nested objects, None where one is missing; what is no object is given back, wrapped."""
    for name in path:
        if payload is None:
            return None
        if not isinstance(payload, Mapping):
            return {"instead of an object": payload}
        payload = payload.get(name)
    return payload


def issue_row(issue: Payload, accounts: Accounts) -> Payload:
    """The row of an issue."""
    fields = issue.get("fields") or {}
    return {
        "id": issue.get("id"),
        "key": issue.get("key"),
        "project_id": part(fields, "project", "id"),
        "issue_type_id": part(fields, "issuetype", "id"),
        "status_id": part(fields, "status", "id"),
        "status_name": part(fields, "status", "name"),
        "status_category": part(fields, "status", "statusCategory", "key"),
        "resolution_id": part(fields, "resolution", "id"),
        "resolution_name": part(fields, "resolution", "name"),
        "parent_id": part(fields, "parent", "id"),
        "creator_id": accounts.id_of(fields.get("creator")),
        "reporter_id": accounts.id_of(fields.get("reporter")),
        "assignee_id": accounts.id_of(fields.get("assignee")),
        "due_on": fields.get("duedate"),
        "created_at": fields.get("created"),
        "updated_at": fields.get("updated"),
        "resolved_at": fields.get("resolutiondate"),
    }


def project_row(issue: Payload) -> Payload:
    """The row of an issue's project."""
    project = part(issue, "fields", "project")
    return {
        "id": part(project, "id"),
        "key": part(project, "key"),
        "type": part(project, "projectTypeKey"),
    }


def change_rows(issue_id: str, entry: Payload, accounts: Accounts) -> Iterator[Payload]:
    """Rows of an entry of the change log, one for each field that is kept."""
    for item in entry.get("items") or ():
        name = _CHANGED_FIELDS.get(_name(item))
        if name is None:
            continue
        is_named = name in _NAMED_FIELDS
        yield {
            "id": entry.get("id"),
            "field": name,
            "issue_id": issue_id,
            "from_value": item.get("from") or None,
            "to_value": item.get("to") or None,
            "from_name": (item.get("fromString") or None) if is_named else None,
            "to_name": (item.get("toString") or None) if is_named else None,
            "occurred_at": instant(entry.get("created")),
            "actor_id": accounts.id_of(entry.get("author")),
        }


def former_keys(entry: Payload) -> list[str]:
    """Keys that the issue bore before an entry of its change log, which tells of a move."""
    items = entry.get("items") or ()
    return [item["fromString"] for item in items if _name(item) == _KEY_FIELD and item.get("fromString")]


def tells_of_links(entry: Payload) -> bool:
    """Whether an entry of the change log is about links to other systems."""
    return any(_name(item) in _REMOTE_LINK_FIELDS for item in entry.get("items") or ())


def link_row(issue_id: str, link: Payload) -> Payload | None:
    """The row of a link, if its address is that of a pull or merge request; addresses are not kept."""
    address = _CHANGE_ADDRESS.match(str(part(link, "object", "url") or ""))
    if address is None:
        return None
    return {
        "issue_id": issue_id,
        "id": str(link["id"]),
        "repository": address["repository"],
        "number": int(address["number"]),
    }


def instant(value: Any) -> Any:
    """An instant as the row's check takes it: ISO 8601 as it is, numbers since 1970 as an aware datetime."""
    if not isinstance(value, int) or isinstance(value, bool):
        return value
    seconds = value / 1000 if abs(value) >= _LEAST_MILLISECONDS else value
    return datetime.fromtimestamp(seconds, UTC)


def _name(item: Payload) -> str:
    """The field of a change in lower case; custom fields have the same name, but another id, at each site."""
    return str(item.get("field")).lower()
