"""Merge requests with all that hangs on them: notes, states, versions, approvals, commits, diffs, issues.

The list is walked by last update; each merge request that changed is read whole. Prose ends here: titles,
descriptions, notes and messages are searched for what they prove, diffs are counted, then all is dropped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion import markers
from ingestion.connector import Page
from ingestion.connectors.gitlab import notes
from ingestion.connectors.gitlab.references import references
from ingestion.connectors.gitlab.walk import Walk, text, words

Payload = dict[str, Any]
Children = dict[str, list[Payload] | None]

_PATHS = {
    "notes": "/notes",
    "state_events": "/resource_state_events",
    "versions": "/versions",
    "commits": "/commits",
    "diffs": "/diffs",
    "issues": "/closes_issues",
}
_BATCH = 20


def merge_request_pages(walk: Walk) -> Iterator[Page]:
    """Pages of all tables about merge requests that changed; moves the cursor after the last."""
    state = walk.part("merge_requests")
    is_whole = state.get("is_whole", bool(state.get("cursor")) or walk.extraction.since is None)
    for page in walk.changed("merge_requests", "/merge_requests", state="all", scope="all"):
        for start in range(0, len(page), _BATCH):
            yield from _row_pages(walk, page[start : start + _BATCH])
    state["is_whole"] = is_whole
    if is_whole:
        _count(walk)


def _count(walk: Walk) -> None:
    """GitLab's own total, which it leaves out for lists of more than 10,000."""
    path = f"/projects/{walk.id}/merge_requests"
    reply = walk.extraction.http.fetch(path, {"state": "all", "scope": "all", "per_page": 1})
    total = reply.headers.get("X-Total", "")
    if total.isdigit():
        walk.extraction.expect_count("merge_requests", f"repository_id={walk.id}", int(total))


def _row_pages(walk: Walk, batch: list[Payload]) -> Iterator[Page]:
    tables: dict[str, list[Payload]] = {name: [] for name in ("merge_requests", *_ROWS, _APPROVALS)}
    parents: dict[str, list[tuple[str]]] = {name: [] for name in (*_ROWS, _APPROVALS)}
    for request in batch:
        number = request["iid"]
        children: Children = {
            name: walk.all_of(f"/merge_requests/{number}{path}") for name, path in _PATHS.items()
        }
        ids = {"merge_request_id": str(request["id"]), "repository_id": walk.id}
        tables["merge_requests"].append(_merge_request(walk, request, children))
        for table, (source, rows_of) in _ROWS.items():
            found = children[source]
            if found is not None:
                parents[table].append((ids["merge_request_id"],))
                tables[table].extend({**ids, **row} for row in rows_of(walk, found))
        approvals = _approvals(walk, number)
        if approvals is not None:
            parents[_APPROVALS].append((ids["merge_request_id"],))
            tables[_APPROVALS].extend({**ids, **row} for row in approvals)
    yield walk.accounts.take()
    yield Page("merge_requests", tables.pop("merge_requests"))
    for table, rows in tables.items():
        yield Page(table, rows, parents[table])


def _merge_request(walk: Walk, request: Payload, children: Children) -> Payload:
    commits, diffs = children["commits"] or [], children["diffs"]
    description = words(request.get("description"))
    messages = [words(commit.get("message")) for commit in commits]
    told = references(walk.name, words(request.get("title")), description, messages)
    counted = None if diffs is None else [_line_counts(diff) for diff in diffs]
    author = request.get("author") or {}
    return {
        "id": str(request["id"]),
        "repository_id": walk.id,
        "number": request["iid"],
        "title_marker": told.title_marker,
        "state": request["state"],
        "is_draft": request.get("draft", request.get("work_in_progress")),
        "author_id": walk.accounts.id_of(request.get("author")),
        "created_at": request["created_at"],
        "updated_at": request["updated_at"],
        "merged_at": request.get("merged_at"),
        "closed_at": request.get("closed_at"),
        "merged_by_id": walk.accounts.id_of(request.get("merge_user") or request.get("merged_by")),
        "closed_by_id": walk.accounts.id_of(request.get("closed_by")),
        "base_branch": request.get("target_branch"),
        "head_branch": request.get("source_branch"),
        "head_sha": request.get("sha"),
        "merge_commit_sha": request.get("merge_commit_sha"),
        "squash_commit_sha": request.get("squash_commit_sha"),
        "additions": _total(counted, 0),
        "deletions": _total(counted, 1),
        "changed_file_count": None if diffs is None else len(diffs),
        "merge_status": request.get("detailed_merge_status") or request.get("merge_status"),
        "reverts_sha": told.reverts_sha,
        "reverts_number": told.reverts_number,
        "assistant_markers": markers.joined(
            markers.from_author(login=author.get("username")),
            markers.from_text(description),
            markers.from_branch(words(request.get("source_branch"))),
        ),
    }


def _notes(walk: Walk, found: list[Payload]) -> Iterator[Payload]:
    for note in found:
        row = {"occurred_at": note["created_at"], "actor_id": walk.accounts.id_of(note.get("author"))}
        if not note["system"]:
            kind = "review_comment" if note.get("type") == "DiffNote" else "comment"
            yield {"id": str(note["id"]), "type": kind, "subject_id": None, "detail": None, **row}
            continue
        for position, told in enumerate(notes.said(note["body"]), start=1):
            yield {
                "id": f"{note['id']}:{position}" if told.username else str(note["id"]),
                "type": told.type,
                "subject_id": walk.accounts.named(told.username) if told.username else None,
                "detail": told.detail,
                **row,
            }


def _state_events(walk: Walk, found: list[Payload]) -> Iterator[Payload]:
    for event in found:
        yield {
            "id": str(event["id"]),
            "state": event["state"],
            "occurred_at": event["created_at"],
            "actor_id": walk.accounts.id_of(event.get("user")),
        }


def _versions(_walk: Walk, found: list[Payload]) -> Iterator[Payload]:
    for version in found:
        yield {
            "id": str(version["id"]),
            "head_sha": version["head_commit_sha"],
            "created_at": version["created_at"],
        }


def _commits(walk: Walk, found: list[Payload]) -> Iterator[Payload]:
    """Commits, which GitLab lists newest first."""
    for position, commit in enumerate(reversed(found), start=1):
        address, name = commit.get("author_email"), commit.get("author_name")
        yield {
            "sha": commit["id"],
            "position": position,
            "authored_at": commit.get("authored_date"),
            "committed_at": commit.get("committed_date"),
            "author_email_hash": walk.extraction.hash_email(address),
            "assistant_markers": markers.joined(
                markers.from_author(address, name), markers.from_text(commit.get("message"))
            ),
        }


def _files(_walk: Walk, found: list[Payload]) -> Iterator[Payload]:
    for diff in found:
        additions, deletions = _line_counts(diff) or (None, None)
        yield {
            "path": diff["new_path"],
            "additions": additions,
            "deletions": deletions,
        }


def _issues(_walk: Walk, found: list[Payload]) -> Iterator[Payload]:
    """Issues that the merge closes; those of other trackers have no project and no number of GitLab's."""
    for issue in found:
        if issue.get("iid") is not None:
            yield {
                "issue_id": str(issue["id"]),
                "issue_project_id": text(issue.get("project_id")),
                "issue_number": issue["iid"],
            }


_APPROVALS = "merge_request_approvals"
_ROWS = {
    "merge_request_notes": ("notes", _notes),
    "merge_request_state_events": ("state_events", _state_events),
    "merge_request_versions": ("versions", _versions),
    "merge_request_commits": ("commits", _commits),
    "merge_request_files": ("diffs", _files),
    "merge_request_issues": ("issues", _issues),
}


def _approvals(walk: Walk, number: int) -> list[Payload] | None:
    """Approvals that stand now; None where they are not told."""
    found = walk.get_if_allowed(f"/merge_requests/{number}/approvals")
    if found is None:
        return None
    return [
        {"user_id": walk.accounts.id_of(one["user"]), "approved_at": one.get("approved_at")}
        for one in found.get("approved_by") or []
        if one.get("user")
    ]


def _line_counts(diff: Payload) -> tuple[int, int] | None:
    """Lines added and deleted; None where GitLab withholds the diff for its size."""
    if diff.get("too_large") or diff.get("collapsed"):
        return None
    lines = (diff.get("diff") or "").splitlines()
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)


def _total(counted: list[tuple[int, int] | None] | None, place: int) -> int | None:
    if counted is None or None in counted:
        return None
    return sum(one[place] for one in counted if one)
