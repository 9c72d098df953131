"""Issues as tickets, with their closings and reopenings, by GraphQL; prose stays behind.

They are listed by last update, oldest first: what changes while they are read moves to the end and is met
again. Of labels only one is kept that tells what an issue is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.connector import Page
from ingestion.connectors.github import queries
from ingestion.connectors.github.walk import PageSize, Walk
from ingestion.http import GraphQLError, QueryTooHeavyError

Payload = dict[str, Any]

_PAGE_SIZE = 50
_TYPES = frozenset({"bug", "enhancement", "epic", "feature", "incident", "task"})


def issue_pages(walk: Walk) -> Iterator[Page]:
    """Pages of the issues that changed and of their events; moves the cursor after the last.

    A token that may not read issues loses them and nothing else.
    """
    state = walk.part("issues")
    cursor: str | None = state.get("cursor")
    try:
        for nodes in _changed(walk, cursor):
            yield from _row_pages(walk, nodes)
            cursor = max([*(node["updatedAt"] for node in nodes), cursor or ""]) or None
    except GraphQLError as error:
        if error.types != {"FORBIDDEN"}:
            raise
        walk.log("its issues may not be read: no tickets")
        return
    state["cursor"] = cursor


def _changed(walk: Walk, cursor: str | None) -> Iterator[list[Payload]]:
    """Pages of issues that changed since, complete, in portions that the server can bear."""
    size, stop_at, after = PageSize(_PAGE_SIZE, _PAGE_SIZE), walk.stop_at(cursor), None
    since = f"{stop_at:%Y-%m-%dT%H:%M:%SZ}" if stop_at else None
    while True:
        variables = {**walk.variables, "first": size.size, "after": after, "since": since}
        try:
            data = walk.graphql(queries.ISSUES, variables, can_shrink=size.size > 1)
        except QueryTooHeavyError:
            size.shrink()
            continue
        size.succeeded()
        page = data["repository"]["issues"]
        yield [_completed(walk, node) for node in page["nodes"] if node]
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]


def _completed(walk: Walk, node: Payload) -> Payload:
    """The issue with the further pages of its events."""
    timeline = node["timelineItems"]
    nodes, page_info = list(timeline["nodes"]), timeline["pageInfo"]
    while page_info["hasNextPage"]:
        variables = {"id": node["id"], "after": page_info["endCursor"]}
        more = walk.graphql(queries.MORE_ISSUE_EVENTS, variables)["node"]["timelineItems"]
        nodes, page_info = nodes + more["nodes"], more["pageInfo"]
    return {**node, "timelineItems": {"nodes": [item for item in nodes if item]}}


def _row_pages(walk: Walk, nodes: list[Payload]) -> Iterator[Page]:
    rows = [_issue(walk, node) for node in nodes]
    events = [
        {
            "id": item["id"],
            "issue_id": node["fullDatabaseId"],
            "repository_id": walk.repository_id,
            "type": item["__typename"],
            "occurred_at": item["createdAt"],
            "actor_id": walk.accounts.id_of(item["actor"]),
            "state_reason": item.get("stateReason"),
        }
        for node in nodes
        for item in node["timelineItems"]["nodes"]
    ]
    yield walk.accounts.take()
    yield Page("issues", rows)
    yield Page("issue_events", events, [(row["id"],) for row in rows])


def _issue(walk: Walk, node: Payload) -> Payload:
    labels = [label["name"] for label in (node["labels"] or {"nodes": []})["nodes"] if label]
    assignees = [account for account in node["assignees"]["nodes"] if account]
    return {
        "id": node["fullDatabaseId"],
        "repository_id": walk.repository_id,
        "number": node["number"],
        "state": node["state"],
        "type_label": min((name.lower() for name in labels if name.lower() in _TYPES), default=None),
        "author_id": walk.accounts.id_of(node["author"]),
        "assignee_id": walk.accounts.id_of(assignees[0]) if assignees else None,
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
        "closed_at": node["closedAt"],
    }
