"""Feature flags and their activity log, by API.

A flag's rollout is a list of condition sets, each with a percentage: sets without conditions give the share
of all users, conditions that name customers one by one are counted and hashed, others are not kept. The log
is listed newest first, so entries that come while it is read shift others onto the next page and hide none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from ingestion.connector import Extraction, Page
from ingestion.connectors.posthog.settings import PostHogSettings
from ingestion.cursors import instant, latest
from ingestion.http import HttpClient

if TYPE_CHECKING:
    from dlt.sources.helpers.rest_client.client import PageData

Payload = Mapping[str, Any]

PAGE_SIZE = 100
OVERLAP = timedelta(hours=1)
_ALL_PERCENT = 100
_PERSON_KEYS = frozenset({"distinct_id", "person_id", "id", "email"})
_NAMING_OPERATORS = frozenset({"exact", None})


class Rollout(NamedTuple):
    """Whom a flag is on for: share of all users (null if conditions alone decide) and hashed customers."""

    enabled_share: float | None
    targets: list[str]


@dataclass
class _Accounts:
    """Members met in a walk."""

    extraction: Extraction
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)

    def id_of(self, user: Payload | None) -> str | None:
        """The member's id; None for the system and for users that are not told."""
        identity = self.extraction.hash_email((user or {}).get("email"))
        if user and identity:
            row = {"id": identity, "first_name": user.get("first_name"), "email_hash": identity}
            self.rows[identity] = row
        return identity


def flag_pages(extraction: Extraction) -> Iterator[Page]:
    """All flags, and what is new in their log; moves the cursor after the last page."""
    accounts = _Accounts(extraction)
    for page in _listed(extraction, "feature_flags/", {"limit": PAGE_SIZE}):
        extraction.expect_count("feature_flags", "", page.response.json()["count"])
        yield Page("feature_flags", [_flag(each, accounts) for each in page])
    cursor: str | None = extraction.state.get("activity")
    stop_at = _stop_at(cursor, extraction.since)
    for page in _listed(extraction, "feature_flags/activity/", {"limit": PAGE_SIZE, "page": 1}):
        if stop_at is None:
            extraction.expect_count("feature_flag_activity", "", page.response.json()["total_count"])
        rows = [_entry(each, accounts) for each in page if each.get("item_id")]
        yield Page("feature_flag_activity", rows)
        cursor = latest((each["created_at"] for each in page), cursor)
        last = instant(page[-1]["created_at"]) if page else None
        if stop_at and last and last < stop_at:
            break
    yield Page("accounts", list(accounts.rows.values()))
    extraction.state["activity"] = cursor


def _stop_at(cursor: str | None, since: datetime | None) -> datetime | None:
    resumed = datetime.fromisoformat(cursor) - OVERLAP if cursor else None
    return min(resumed, since) if resumed and since else resumed or since


def _listed(extraction: Extraction, path: str, params: dict[str, Any]) -> Iterator[PageData[Payload]]:
    """Pages of a list of the project; `next` holds the next one's address."""
    from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator

    settings: PostHogSettings = extraction.settings
    client: HttpClient = extraction.http
    paging = JSONLinkPaginator(next_url_path="next")
    yield from client.pages(
        f"/api/projects/{settings.project}/{path}", params, select="results", paging=paging
    )


def _flag(flag: Payload, accounts: _Accounts) -> dict[str, Any]:
    rollout = rollout_of(flag.get("filters"), accounts.extraction)
    return {
        "id": str(flag["id"]),
        "key": flag["key"],
        "is_active": flag["active"],
        "is_deleted": flag.get("deleted"),
        "enabled_share": rollout.enabled_share,
        "target_count": len(rollout.targets),
        "targets": rollout.targets,
        "created_at": flag["created_at"],
        "created_by_id": accounts.id_of(flag.get("created_by")),
    }


def _entry(entry: Payload, accounts: _Accounts) -> dict[str, Any]:
    detail: Payload = entry.get("detail") or {}
    changes: dict[str, Payload] = {
        each["field"]: each for each in detail.get("changes") or () if each.get("field")
    }
    active, deleted = changes.get("active", {}), changes.get("deleted", {})
    row = {
        "id": f"{entry['item_id']}:{entry['created_at']}:{entry['activity']}",
        "flag_id": str(entry["item_id"]),
        "occurred_at": entry["created_at"],
        "activity": entry["activity"],
        "flag_key": detail.get("name"),
        "actor_id": accounts.id_of(entry.get("user")),
        "is_active_before": active.get("before"),
        "is_active_after": active.get("after"),
        "has_new_filters": "filters" in changes,
        "is_deleted_after": deleted.get("after"),
    }
    if "filters" in changes:
        before = rollout_of(changes["filters"].get("before"), accounts.extraction)
        after = rollout_of(changes["filters"].get("after"), accounts.extraction)
        row |= {
            "enabled_share_before": before.enabled_share,
            "enabled_share_after": after.enabled_share,
            "target_count_before": len(before.targets),
            "target_count_after": len(after.targets),
            "targets_after": after.targets,
        }
    return row


def rollout_of(filters: Payload | None, extraction: Extraction) -> Rollout:
    """Whom a flag's filters reach; a set with several conditions names nobody."""
    groups: list[Payload] = (filters or {}).get("groups") or []
    shares = [_share(group) for group in groups if not group.get("properties")]
    named = {
        extraction.hash_email.hash_id(str(value))
        for group in groups
        if _share(group) > 0
        for value in _named(group.get("properties") or [], extraction.settings)
    }
    return Rollout(max(shares, default=None if groups else 0.0), sorted(named))


def _share(group: Payload) -> float:
    percentage = group.get("rollout_percentage")
    return (_ALL_PERCENT if percentage is None else percentage) / _ALL_PERCENT


def _named(conditions: list[Payload], settings: PostHogSettings) -> list[Any]:
    """The customers that a condition set names one by one."""
    if len(conditions) != 1:
        return []
    (condition,) = conditions
    is_naming = condition.get("key") in {*_PERSON_KEYS, "$group_key", settings.customer}
    if not is_naming or condition.get("operator") not in _NAMING_OPERATORS:
        return []
    value = condition.get("value")
    return value if isinstance(value, list) else [value]
