"""Deployments with their statuses, releases, and activity on branches.

Deployments are listed by REST, which alone tells production and transient; their statuses are read by
GraphQL, which alone tells `waiting` (an approval gate) and takes a hundred deployments at a time, REST one.
Only what may still change is read again: deployments without a final status for 14 days, of the newest
hundred also those that changed since they had one (a failure tried again, a success superseded), and releases
of 30 days.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from ingestion.connector import Page
from ingestion.connectors.github import queries
from ingestion.connectors.github.walk import OVERLAP, PageSize, Walk, instant
from ingestion.http import AccessDeniedError, GraphQLError, NotFoundError, QueryTooHeavyError

Payload = dict[str, Any]

PAGE_SIZE = 100
_FINAL_STATES = frozenset({"success", "failure", "error", "inactive"})
_CHANGES_FOR = timedelta(days=14)
_RELEASES_CHANGE_FOR = timedelta(days=30)
_BRANCH = "refs/heads/"


def deployment_pages(walk: Walk) -> Iterator[Page]:
    """Pages of deployments and statuses that are new or may have changed; moves the cursor after the last."""
    state = walk.part("deployments")
    cursor: str | None = state.get("cursor")
    stop_at = walk.stop_at(cursor)
    changing: dict[str, Payload] = dict(state.get("changing", {}))
    settled: dict[str, str] = {} if walk.extraction.since else dict(state.get("settled", {}))
    listed: dict[str, str] = {}
    to_read = dict(changing)
    for rows in _listed(walk, stop_at):
        listed.update((row["id"], row["created_at"]) for row in rows)
        to_read.update((row["id"], row) for row in rows if _is_news(row, stop_at, changing, settled))
        yield from _read(walk, to_read, changing, settled)
        to_read = {}
    yield from _read(walk, to_read, changing, settled)
    cursor = max([*listed.values(), cursor or ""]) or None
    listed_from = instant(cursor) - OVERLAP if cursor else None
    kept = set(list(listed)[:PAGE_SIZE])
    kept |= {key for key, at in listed.items() if listed_from and instant(at) >= listed_from}
    state["cursor"], state["changing"] = cursor, changing
    state["settled"] = {key: at for key, at in settled.items() if key in kept}


def _is_news(
    row: Payload, stop_at: datetime | None, changing: dict[str, Payload], settled: dict[str, str]
) -> bool:
    """Whether a listed deployment is new, or another than when its statuses were read."""
    is_new = stop_at is None or instant(row["created_at"]) >= stop_at
    is_known = row["id"] in changing or row["id"] in settled
    return (is_new or is_known) and settled.get(row["id"]) != row["updated_at"]


def release_pages(walk: Walk) -> Iterator[Page]:
    """Pages of releases, the newest hundred and those of a month before the cursor always among them."""
    state = walk.part("releases")
    stop_at, cursor, after = (
        walk.stop_at(state.get("cursor"), _RELEASES_CHANGE_FOR),
        state.get("cursor"),
        None,
    )
    while True:
        variables = {**walk.variables, "first": PAGE_SIZE, "after": after}
        connection = walk.graphql(queries.RELEASES, variables)["repository"]["releases"]
        rows = [_release(walk, node) for node in connection["nodes"] if node]
        yield Page("releases", rows)
        cursor = max([*(row["created_at"] for row in rows), cursor or ""]) or None
        is_past = bool(rows) and stop_at is not None and instant(rows[-1]["created_at"]) < stop_at
        if is_past or not connection["pageInfo"]["hasNextPage"]:
            break
        after = connection["pageInfo"]["endCursor"]
    state["cursor"] = cursor


def activity_pages(walk: Walk) -> Iterator[Page]:
    """Pages of pushes and other activity, newest first, until before the cursor.

    Some servers do not have it and some tokens may not read it; push times are then found in other ways.
    """
    state = walk.part("activity")
    stop_at, cursor = walk.stop_at(state.get("cursor")), state.get("cursor")
    path = f"/repos/{walk.name}/activity"
    try:
        for page in walk.extraction.http.pages(path, {"per_page": PAGE_SIZE, "direction": "desc"}):
            fresh = [row for row in page if stop_at is None or instant(row["timestamp"]) >= stop_at]
            rows = [_push(walk, row) for row in fresh]
            yield walk.accounts.take()
            yield Page("pushes", rows)
            cursor = max([*(row["occurred_at"] for row in rows), cursor or ""]) or None
            if len(fresh) < len(page):
                break
    except (NotFoundError, AccessDeniedError):
        walk.log("its activity is not to be had: push times come from force pushes and check runs")
        return
    state["cursor"] = cursor


def _listed(walk: Walk, stop_at: datetime | None) -> Iterator[list[Payload]]:
    """Rows of the deployments, newest first, by whole pages until one reaches back before the instant."""
    for page in walk.extraction.http.pages(f"/repos/{walk.name}/deployments", {"per_page": PAGE_SIZE}):
        yield [_deployment(walk, row) for row in page]
        if stop_at and any(instant(row["created_at"]) < stop_at for row in page):
            return


def _read(
    walk: Walk, rows: dict[str, Payload], changing: dict[str, Payload], settled: dict[str, str]
) -> Iterator[Page]:
    """Pages of these deployments with all their statuses; notes which may still change, and what settled."""
    for nodes in _with_statuses(walk, [row["node_id"] for row in rows.values()]):
        statuses: list[Payload] = []
        updated: list[Payload] = []
        for node in nodes:
            row = {**rows[str(node["databaseId"])], "updated_at": node["updatedAt"]}
            found = [_status(walk, row["id"], status) for status in node["statuses"]["nodes"] if status]
            statuses.extend(found)
            updated.append(row)
            changing.pop(row["id"], None)
            if _is_settled(walk, row, found):
                settled[row["id"]] = rows[row["id"]]["updated_at"]
            else:
                changing[row["id"]] = row
                settled.pop(row["id"], None)
        yield walk.accounts.take()
        yield Page("deployments", updated)
        yield Page("deployment_statuses", statuses)
    for deleted in [key for key in rows if key in changing and _is_settled(walk, rows[key], [])]:
        del changing[deleted]


def _is_settled(walk: Walk, row: Payload, statuses: list[Payload]) -> bool:
    is_old = walk.extraction.started_at - instant(row["created_at"]) > _CHANGES_FOR
    return is_old or any(status["state"] in _FINAL_STATES for status in statuses)


def _with_statuses(walk: Walk, node_ids: list[str]) -> Iterator[list[Payload]]:
    """Deployments by node id with all their statuses; those that were deleted are left out."""
    size, start = PageSize(PAGE_SIZE, PAGE_SIZE), 0
    while start < len(node_ids):
        ids = node_ids[start : start + size.size]
        try:
            data = walk.graphql(queries.DEPLOYMENT_STATUSES, {"ids": ids}, can_shrink=size.size > 1)
        except QueryTooHeavyError:
            size.shrink()
            continue
        except GraphQLError as error:
            if error.types != {"NOT_FOUND"} or not error.data:
                raise
            data = error.data
        size.succeeded()
        start += len(ids)
        yield [_with_further_statuses(walk, node) for node in data["nodes"] if node]


def _with_further_statuses(walk: Walk, node: Payload) -> Payload:
    statuses = node["statuses"]
    nodes, page_info = list(statuses["nodes"]), statuses["pageInfo"]
    while page_info["hasNextPage"]:
        variables = {"id": node["id"], "after": page_info["endCursor"]}
        more = walk.graphql(queries.MORE_DEPLOYMENT_STATUSES, variables)["node"]["statuses"]
        nodes, page_info = nodes + more["nodes"], more["pageInfo"]
    return {**node, "statuses": {"nodes": nodes}}


def _deployment(walk: Walk, row: Payload) -> Payload:
    return {
        "id": str(row["id"]),
        "node_id": row["node_id"],
        "repository_id": walk.repository_id,
        "sha": row["sha"],
        "ref": row["ref"],
        "task": row["task"],
        "environment": row["environment"],
        "is_production": row.get("production_environment"),
        "is_transient": row.get("transient_environment"),
        "creator_id": walk.accounts.id_of(row["creator"]),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }


def _status(walk: Walk, deployment_id: str, status: Payload) -> Payload:
    return {
        "id": status["id"],
        "deployment_id": deployment_id,
        "repository_id": walk.repository_id,
        "state": status["state"].lower(),
        "created_at": status["createdAt"],
        "creator_id": walk.accounts.id_of(status["creator"]),
    }


def _release(walk: Walk, node: Payload) -> Payload:
    return {
        "id": str(node["databaseId"]),
        "repository_id": walk.repository_id,
        "tag_name": node["tagName"],
        "sha": (node["tagCommit"] or {}).get("oid"),
        "is_draft": node["isDraft"],
        "is_prerelease": node["isPrerelease"],
        "created_at": node["createdAt"],
        "published_at": node["publishedAt"],
    }


def _push(walk: Walk, row: Payload) -> Payload:
    return {
        "id": str(row["id"]),
        "repository_id": walk.repository_id,
        "branch": row["ref"].removeprefix(_BRANCH),
        "before_sha": row["before"],
        "after_sha": row["after"],
        "occurred_at": row["timestamp"],
        "actor_id": walk.accounts.id_of(row["actor"]),
        "activity_type": row["activity_type"],
    }
