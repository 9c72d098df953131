"""What GraphQL tells of a pull request, as rows: itself, its timeline, commits, files and closing issues.

Prose ends here: title, body and messages are searched for references and for evidence of assistants, then
dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion import markers
from ingestion.connector import Page
from ingestion.connectors.github.references import references
from ingestion.connectors.github.walk import Walk, account_in, login_of

Payload = dict[str, Any]

_CHILDREN = {
    "pull_request_timeline": "timelineItems",
    "pull_request_commits": "commits",
    "pull_request_files": "files",
    "pull_request_closing_issues": "closingIssuesReferences",
}
"""Table → the connection that its rows come from, whole or, where GitHub does not tell it, not at all."""


def row_pages(walk: Walk, batch: list[Payload]) -> Iterator[Page]:
    """Rows of complete pull requests, accounts first."""
    rows: dict[str, list[Payload]] = {name: [] for name in ("pull_requests", *_CHILDREN)}
    for node in batch:
        for table, found in _rows(walk, node):
            rows[table].append(found)
    yield walk.accounts.take()
    yield Page("pull_requests", rows["pull_requests"])
    for child, connection in _CHILDREN.items():
        parents = [(node["fullDatabaseId"],) for node in batch if node[connection] is not None]
        yield Page(child, rows[child], parents)


def _nodes(node: Payload, connection: str) -> list[Payload]:
    nodes: list[Payload] = (node[connection] or {"nodes": []})["nodes"]
    return nodes


def _rows(walk: Walk, node: Payload) -> Iterator[tuple[str, Payload]]:
    ids = {"pull_request_id": node["fullDatabaseId"], "repository_id": walk.repository_id}
    yield "pull_requests", _pull_request(walk, node)
    for item in (*_nodes(node, "timelineItems"), *_comments_without_review(node)):
        if event := _event(walk, item):
            yield "pull_request_timeline", {**ids, **event}
    for position, item in enumerate(_nodes(node, "commits"), start=1):
        yield "pull_request_commits", {**ids, "position": position, **_commit(walk, item["commit"])}
    for changed in _nodes(node, "files"):
        yield "pull_request_files", {**ids, **changed}
    for issue in _nodes(node, "closingIssuesReferences"):
        yield (
            "pull_request_closing_issues",
            {
                **ids,
                "issue_id": issue["fullDatabaseId"],
                "issue_repository": issue["repository"]["nameWithOwner"],
                "issue_number": issue["number"],
            },
        )


def _pull_request(walk: Walk, node: Payload) -> Payload:
    merge = node["mergeCommit"] or {}
    body = node["body"] or ""
    messages = [
        merge.get("message") or "",
        *(item["commit"]["message"] or "" for item in _nodes(node, "commits")),
    ]
    said = references(walk.name, node["title"] or "", body, messages)
    return {
        "id": node["fullDatabaseId"],
        "node_id": node["id"],
        "repository_id": walk.repository_id,
        "number": node["number"],
        "title_marker": said.title_marker,
        "state": node["state"],
        "is_draft": node["isDraft"],
        "author_id": walk.accounts.id_of(node["author"]),
        "created_at": node["createdAt"],
        "updated_at": node["updatedAt"],
        "merged_at": node["mergedAt"],
        "closed_at": node["closedAt"],
        "merged_by_id": walk.accounts.id_of(node["mergedBy"]),
        "base_branch": node["baseRefName"],
        "head_branch": node["headRefName"],
        "head_sha": node["headRefOid"],
        "merge_sha": merge.get("oid"),
        "additions": node["additions"],
        "deletions": node["deletions"],
        "changed_file_count": node["changedFiles"],
        "review_decision": node["reviewDecision"],
        "mergeable": _known(node) if node["state"] == "OPEN" else None,
        "commit_count": node["commits"]["totalCount"],
        "reverts_sha": said.reverts_sha,
        "reverts_number": said.reverts_number,
        "assistant_markers": markers.joined(
            markers.from_author(login=login_of(node["author"]) if node["author"] else None),
            markers.from_text(body),
            markers.from_text(merge.get("message")),
            markers.from_branch(node["headRefName"]),
        ),
    }


def _known(node: Payload) -> str | None:
    """Mergeability, unless GitHub is still working it out: that would make every second read a change."""
    mergeable: str | None = node.get("mergeable")
    return None if mergeable == "UNKNOWN" else mergeable


def _comments_without_review(node: Payload) -> Iterator[Payload]:
    """Review comments whose review is not in the timeline, as on very old pull requests and imported ones."""
    told = {item["id"] for item in _nodes(node, "timelineItems")}
    for thread in _nodes(node, "reviewThreads"):
        for comment in thread["comments"]["nodes"]:
            if comment and (comment["pullRequestReview"] or {}).get("id") not in told:
                yield comment


def _event(walk: Walk, item: Payload) -> Payload | None:
    """The row of a timeline item; None for reviews that were not submitted yet."""
    occurred_at = item.get("submittedAt") if item["__typename"] == "PullRequestReview" else item["createdAt"]
    if occurred_at is None:
        return None
    review = item.get("review") or item.get("pullRequestReview") or {}
    asked = item.get("requestedReviewer") or {}
    subject = review.get("author") or asked
    return {
        "id": item["id"],
        "type": item["__typename"],
        "occurred_at": occurred_at,
        "actor_id": walk.accounts.id_of(item.get("actor") or item.get("author")),
        "subject_id": walk.accounts.id_of(subject),
        "subject_team": asked.get("combinedSlug"),
        "review_state": item.get("state"),
        "review_id": review.get("id"),
        "sha": _oid(item.get("commit")) or _oid(item.get("afterCommit")),
        "before_sha": _oid(item.get("beforeCommit")),
        "detail": _detail(item),
    }


def _oid(commit: Payload | None) -> str | None:
    return commit["oid"] if commit else None


def _detail(item: Payload) -> str | None:
    if item.get("previousRefName"):
        return f"{item['previousRefName']}..{item['currentRefName']}"
    detail: str | None = item.get("reason") or item.get("previousReviewState")
    return detail


def _commit(walk: Walk, commit: Payload) -> Payload:
    author = commit["author"] or {}
    email = author.get("email")
    account = walk.accounts.id_of(author.get("user"))
    return {
        "sha": commit["oid"],
        "authored_at": commit["authoredDate"],
        "committed_at": commit["committedDate"],
        "author_id": account or account_in(email),
        "author_email_hash": walk.extraction.hash_email(email),
        "assistant_markers": markers.joined(
            markers.from_author(email, author.get("name")), markers.from_text(commit["message"])
        ),
    }
