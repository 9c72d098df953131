"""Pull requests with everything nested, by GraphQL: which are asked for, and in what portions.

The list is walked by last update until before the cursor. It shifts while it is read: what moves to the top
is caught by reading the top again until that fits one page. Open ones are listed on their own where the walk
did not meet all of them, because mergeability and rules do not move `updatedAt`; unlike `nodes(ids:)`, that
list says by itself which were moved or deleted.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from ingestion.connector import Page
from ingestion.connectors.github import queries
from ingestion.connectors.github.pull_request_rows import row_pages
from ingestion.connectors.github.walk import OVERLAP, PageSize, Walk, instant
from ingestion.http import GraphQLError, QueryFailedError, QueryTooHeavyError

Payload = dict[str, Any]

FIRST_PAGE_SIZE = 25
OPEN_PAGE_SIZE = 100
_RETRY_OPTIONAL_AFTER = timedelta(days=7)


def pull_request_pages(walk: Walk) -> Iterator[Page]:
    """Pages of all pull request tables; moves the cursor after the last."""
    reader = Reader(walk)
    state = walk.part("pull_requests")
    seen: dict[str, str] = {}
    newest: str | None = state.get("cursor")
    rules: dict[str, Payload] = {}
    suites: dict[str, str] = {}
    stop_at = walk.stop_at(newest)
    changed = chain(_changed(reader, stop_at), _missed(reader))
    for batch in _with_open(reader, changed, state.get("open", []), seen):
        yield from row_pages(walk, batch)
        newest = max([*(node["updatedAt"] for node in batch), *([newest] if newest else [])], default=None)
        rules.update(_rules(batch))
        suites.update(_suites(batch))
    yield from _rule_pages(walk, rules, is_visible="refUpdateRule" not in reader.lacking)
    before: dict[str, str] = state.get("suites", {})
    walk.rerun_ids |= {run_id for run_id, at in suites.items() if before.get(run_id, at) != at}
    state["cursor"] = newest
    state["suites"] = suites
    state["is_whole"] = state.get("is_whole", False) or stop_at is None
    if state["is_whole"]:
        walk.extraction.expect_count("pull_requests", f"repository_id={walk.repository_id}", reader.total)
    state["open"] = sorted(node_id for node_id, status in seen.items() if status == "OPEN")


@dataclass
class Reader:
    """Asks for pull requests, in pages that the server can bear and with the parts that it can answer.

    Attributes:
        walk: the repository's walk.
        lacking: optional parts that this server or token cannot answer; tried again after a week.
        total: pull requests that the repository has, as of the last page.
    """

    walk: Walk
    total: int = 0
    lacking: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        remembered: dict[str, str] = self.walk.part("pull_requests").setdefault("lacking", {})
        now = self.walk.extraction.started_at
        for part, seen_at in list(remembered.items()):
            if now - instant(seen_at) < _RETRY_OPTIONAL_AFTER:
                self.lacking.add(part)
            else:
                del remembered[part]

    def changed_since(self, stop_at: datetime | None, size: PageSize) -> Iterator[list[Payload]]:
        """Pages of pull requests, last updated first, until before the instant."""
        for page in self._pages(
            size, {"states": None, "order": {"field": "UPDATED_AT", "direction": "DESC"}}
        ):
            self.total = page["totalCount"]
            nodes = [node for node in page["nodes"] if node]
            fresh = [node for node in nodes if stop_at is None or instant(node["updatedAt"]) >= stop_at]
            yield [self._completed(node) for node in fresh]
            if len(fresh) < len(nodes):
                return

    def open_ones(self) -> Iterator[list[Payload]]:
        """Pages of all open pull requests, in an order that does not shift."""
        size = PageSize(OPEN_PAGE_SIZE, OPEN_PAGE_SIZE)
        for page in self._pages(
            size, {"states": ["OPEN"], "order": {"field": "CREATED_AT", "direction": "ASC"}}
        ):
            yield [self._completed(node) for node in page["nodes"] if node]

    def _pages(self, size: PageSize, chosen: Mapping[str, Any]) -> Iterator[Payload]:
        after = None
        while True:
            page = self._page(size, {**self.walk.variables, **chosen, "after": after})
            yield page
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def _page(self, size: PageSize, variables: Mapping[str, Any]) -> Payload:
        """One page, as large as the server can bear and with the parts that it can answer."""
        while True:
            query = queries.pull_requests(self.lacking)
            try:
                data = self.walk.graphql(query, {**variables, "first": size.size}, can_shrink=size.size > 1)
            except QueryTooHeavyError:
                size.shrink()
                self.walk.log(f"too heavy a page for the server, asking for {size.size} pull requests now")
            except QueryFailedError:
                raise
            except GraphQLError as error:
                self._leave_out(error)
            else:
                size.succeeded()
                page: Payload = data["repository"]["pullRequests"]
                return page

    def _leave_out(self, error: GraphQLError) -> None:
        """Leave out the optional parts that all the errors are about, or raise what cannot be cured so."""
        blamed = [
            {str(step) for step in problem.get("path") or ()} & queries.OPTIONAL_PARTS.keys() - self.lacking
            for problem in error.errors
        ]
        if not blamed or not all(blamed):
            raise error
        parts = set().union(*blamed)
        self.lacking |= parts
        seen_at = self.walk.extraction.started_at.isoformat()
        state = self.walk.part("pull_requests")
        state["lacking"].update(dict.fromkeys(parts, seen_at))
        for part in parts - queries.CURRENT_PARTS:
            state.setdefault("missed", {}).setdefault(part, state.get("cursor"))
        self.walk.log(f"the server or the token does not tell {', '.join(sorted(parts))}: left out")

    def _completed(self, node: Payload) -> Payload:
        """The pull request with the further pages of what it nests; None for what was not told."""
        for connection in queries.NESTED:
            nested = node.setdefault(connection, None)
            if nested is None:
                continue
            nodes, page_info = list(nested["nodes"]), nested["pageInfo"]
            while page_info["hasNextPage"]:
                query = queries.more_nested(connection, self.lacking)
                more = self.walk.graphql(query, {"id": node["id"], "after": page_info["endCursor"]})
                nodes += more["node"][connection]["nodes"]
                page_info = more["node"][connection]["pageInfo"]
            node[connection] = {**nested, "nodes": [item for item in nodes if item]}
        return node


def _changed(reader: Reader, stop_at: datetime | None) -> Iterator[list[Payload]]:
    """All that changed since; a walk of several pages is followed by walks of what changed meanwhile."""
    size = PageSize(FIRST_PAGE_SIZE, FIRST_PAGE_SIZE)
    is_shifting = True
    while is_shifting:
        newest = stop_at
        for number, batch in enumerate(reader.changed_since(stop_at, size)):
            is_shifting = number > 0
            updated = [instant(node["updatedAt"]) for node in batch]
            newest = max([*updated, *([newest] if newest else [])], default=None)
            yield batch
        # Where pages are small, what is newest fills several of them again: nothing newer, nothing shifts.
        is_shifting = is_shifting and newest != stop_at
        stop_at = newest


def _missed(reader: Reader) -> Iterator[list[Payload]]:
    """All that changed since a part was left out that is told again: it was read without that part."""
    missed: dict[str, str | None] = reader.walk.part("pull_requests").get("missed", {})
    told = missed.keys() - reader.lacking
    if not told:
        return
    cursors = [missed[part] for part in told]
    start = None if None in cursors else min(instant(cursor) for cursor in cursors if cursor) - OVERLAP
    yield from _changed(reader, start)
    for part in told - reader.lacking:
        del missed[part]


def _with_open(
    reader: Reader, batches: Iterable[list[Payload]], known_open: list[str], seen: dict[str, str]
) -> Iterator[list[Payload]]:
    """The batches, then the open ones that none of them held; `seen` collects their states."""
    for batch in batches:
        seen.update((node["id"], node["state"]) for node in batch)
        yield batch
    if set(known_open) <= seen.keys():
        return
    for batch in reader.open_ones():
        unseen = [node for node in batch if node["id"] not in seen]
        seen.update((node["id"], node["state"]) for node in unseen)
        yield unseen


def _rules(batch: list[Payload]) -> dict[str, Payload]:
    """Rules by base branch, where the branch still exists."""
    return {
        node["baseRefName"]: node["baseRef"].get("refUpdateRule") or {}
        for node in batch
        if node.get("baseRef")
    }


def _suites(batch: list[Payload]) -> dict[str, str]:
    """Workflow run → when its check suite changed last, of the heads of open pull requests."""
    commits = (
        item["commit"]
        for node in batch
        if node["state"] == "OPEN"
        for item in (node.get("headCommit") or {"nodes": []})["nodes"]
    )
    return {
        str(suite["workflowRun"]["databaseId"]): suite["updatedAt"]
        for commit in commits
        for suite in (commit.get("checkSuites") or {"nodes": []})["nodes"]
        if suite and suite["workflowRun"]
    }


def _rule_pages(walk: Walk, rules: Mapping[str, Payload], *, is_visible: bool) -> Iterator[Page]:
    """Rules that differ from those last seen; a branch whose rules were never visible has no row."""
    known: dict[str, list[Any]] = walk.part("rules")
    seen_at = walk.extraction.started_at
    rows = []
    for branch, rule in sorted(rules.items()) if is_visible else ():
        checks = rule.get("requiredStatusCheckContexts")
        names = None if checks is None else json.dumps(sorted(check for check in checks if check))
        version = [rule.get("requiredApprovingReviewCount"), names]
        if version == known.get(branch, [None, None]):
            continue
        known[branch] = version
        rows.append(
            {
                "id": f"{walk.repository_id}:{branch}:{seen_at:%Y-%m-%dT%H:%M:%SZ}",
                "repository_id": walk.repository_id,
                "branch": branch,
                "first_seen_at": seen_at,
                "required_approving_review_count": version[0],
                "required_check_names": names,
            }
        )
    yield Page("branch_rules", rows)
