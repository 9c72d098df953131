"""Issues of a project: those that changed, with their change logs and links, and the ids of all there are."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from datetime import datetime
from typing import Any

from ingestion.connector import Extraction, Page
from ingestion.connectors.jira.rows import (
    FIELDS,
    change_rows,
    former_keys,
    issue_row,
    link_row,
    part,
    project_row,
    tells_of_links,
)
from ingestion.connectors.jira.search import ISSUES_AT_ONCE, changed_since, found, with_ids
from ingestion.connectors.jira.walk import Project, Walk
from ingestion.http import NotFoundError

Payload = dict[str, Any]

CHANGE_LOGS = "/rest/api/3/changelog/bulkfetch"
_ENTRIES_AT_ONCE = 1000


def changed_issue_pages(project: Project) -> Generator[Page, None, bool]:
    """Issues that changed since the cursor, which then moves; returns whether any change is new."""
    walk, since = project.walk, project.resumed_at
    walk.extraction.log(f"{project.name}: reading {'all issues' if since is None else 'what changed'}")
    newest: datetime | None = None
    jql = changed_since(project.name, since, walk.zone if since else None)
    for issues in found(walk.extraction, jql, FIELDS):
        yield from issue_pages(walk, issues)
        project.learn_id(part(issue, "fields", "project", "id") for issue in issues)
        newest = max([*_updates(issues), *([newest] if newest else [])], default=None)
    if since is None:
        project.state["is_whole"] = True
    return newest is not None and project.move_to(newest)


def _updates(issues: Sequence[Payload]) -> Iterator[datetime]:
    """When the issues were updated; an update that is no instant is for the row's check to refuse."""
    for issue in issues:
        try:
            yield datetime.fromisoformat(part(issue, "fields", "updated"))
        except (TypeError, ValueError):
            continue


def issue_pages(walk: Walk, issues: Sequence[Payload]) -> Iterator[Page]:
    """Rows of some issues, with their change logs and what these lead to."""
    ids = [str(issue["id"]) for issue in issues]
    walk.seen.update(ids)
    for issue in issues:
        project = project_row(issue)
        walk.projects[str(project["id"])] = project
    yield Page("issues", [issue_row(issue, walk.accounts) for issue in issues])
    yield Page("issue_keys", [{"issue_id": issue["id"], "key": issue.get("key")} for issue in issues])
    linked: list[str] = []
    for issue_id, entries in change_logs(walk.extraction, ids):
        yield Page(
            "issue_changes",
            [row for entry in entries for row in change_rows(issue_id, entry, walk.accounts)],
        )
        keys = [key for entry in entries for key in former_keys(entry)]
        yield Page("issue_keys", [{"issue_id": issue_id, "key": key} for key in keys])
        if any(tells_of_links(entry) for entry in entries) and issue_id not in linked:
            linked.append(issue_id)
    yield walk.accounts.take()
    if "links" not in walk.extraction.settings.without:
        for issue_id in linked:
            yield Page("change_links", _links(walk.extraction, issue_id), parents=[(issue_id,)])


def change_logs(extraction: Extraction, ids: Sequence[str]) -> Iterator[tuple[str, list[Payload]]]:
    """Change logs of some issues, each perhaps in several pieces.

    Not narrowed to fields: changes of the parent, of the key and of links bear no field id to ask for.
    """
    from ingestion.connectors.jira.paging import TokenPaginator

    if not ids:
        return
    pages = extraction.http.pages(
        CHANGE_LOGS,
        method="POST",
        body={"issueIdsOrKeys": list(ids), "maxResults": _ENTRIES_AT_ONCE},
        select="issueChangeLogs",
        paging=TokenPaginator(),
        kind="changelog",
    )
    for page in pages:
        for log in page:
            yield str(log["issueId"]), log["changeHistories"]


def _links(extraction: Extraction, issue_id: str) -> list[Payload]:
    """Links of an issue to changes; asked for only where its change log tells of any, a request each."""
    try:
        links = extraction.http.get_json(f"/rest/api/3/issue/{issue_id}/remotelink", kind="links")
    except NotFoundError:
        extraction.log(f"issue {issue_id} was deleted meanwhile")
        return []
    return [row for link in links if (row := link_row(issue_id, link))]


def reconciliation_pages(project: Project, *, reads_all: bool) -> Iterator[Page]:
    """Ids of all issues of the project, and the issues that a walk of all should have met and did not.

    Where there are none there is nothing to say: hidden ones look the same.
    """
    walk = project.walk
    walk.extraction.log(f"{project.name}: reading the ids of all issues")
    ids = _standing_ids(project)
    missed = sorted(ids - walk.seen) if reads_all else []
    for first in range(0, len(missed), ISSUES_AT_ONCE):
        for issues in found(walk.extraction, with_ids(missed[first : first + ISSUES_AT_ONCE]), FIELDS):
            yield from issue_pages(walk, issues)
    project_id = project.state.get("id")
    if not ids or project_id is None:
        return
    rows = [{"project_id": project_id, "issue_id": issue_id} for issue_id in sorted(ids)]
    yield Page("standing_issues", rows, parents=[(project_id,)])
    reconciled_at = walk.extraction.started_at
    yield Page("reconciliations", [{"project_id": project_id, "reconciled_at": reconciled_at}])
    project.state["reconciled_at"] = walk.started_at
    walk.standing[project.name] = ids


def _standing_ids(project: Project) -> set[str]:
    """Read in both directions: a deletion meanwhile shifts the list by one, to either side."""
    jql, extraction = changed_since(project.name, None, None), project.walk.extraction
    return {
        str(issue["id"])
        for issues in (*found(extraction, jql, ("id",)), *found(extraction, jql, ("id",), "DESC"))
        for issue in issues
    }
