"""The walk over a connection: the small lists, then each project's changed issues, each with its change log.

Jira tells of no deletion: once a week the ids of all issues are read, and staging leaves out what was not
among them. A project that can no longer be seen is left as it was, for that need not be a deletion.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from ingestion.connector import Extraction, Page
from ingestion.connectors.jira.rows import (
    FIELDS,
    Accounts,
    change_rows,
    former_keys,
    issue_row,
    link_row,
    part,
    project_row,
    tells_of_links,
)
from ingestion.connectors.jira.search import (
    ISSUES_AT_ONCE,
    OVERLAP,
    changed_since,
    found,
    profile_zone,
    with_ids,
)
from ingestion.http import MalformedResponseError, NotFoundError, RejectedRequestError

Payload = dict[str, Any]

PROJECTS = "/rest/api/3/project/search"
BOARDS = "/rest/agile/1.0/board"
CHANGE_LOGS = "/rest/api/3/changelog/bulkfetch"
BOARDS_READ_EVERY = timedelta(days=1)
RECONCILED_EVERY = timedelta(days=7)
_LISTED_AT_ONCE = 50
_ENTRIES_AT_ONCE = 1000


@dataclass
class Walk:
    """One walk of a connection.

    Attributes:
        extraction: what the kit gave.
        accounts: the accounts met.
        projects: projects by id, as issues show them.
        seen: ids of the issues read.
        whole: projects of which this walk asked for all issues.
    """

    extraction: Extraction
    accounts: Accounts
    projects: dict[str, Payload] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    whole: set[str] = field(default_factory=set)

    @cached_property
    def zone(self) -> ZoneInfo:
        """Zone in which Jira reads dates; asked for where a cursor needs it."""
        return profile_zone(self.extraction)

    @property
    def cursors(self) -> dict[str, str]:
        """Instant through which each project's updates were read; to be changed in place."""
        cursors: dict[str, str] = self.extraction.state.setdefault("updated_through", {})
        return cursors

    @property
    def whole_projects(self) -> set[str]:
        """Projects of which all issues were asked for, in this walk or before."""
        return {*self.extraction.state.get("whole_projects", ()), *self.whole}

    def resumed_at(self, project: str) -> datetime | None:
        """Instant from which changes are read; None for a project that was never read."""
        since, cursor = self.extraction.since, self.cursors.get(project)
        if cursor is None:
            return since
        resumed = datetime.fromisoformat(cursor) - OVERLAP
        return min(resumed, since) if since else resumed

    @property
    def last_done(self) -> dict[str, str]:
        """Start of the walk that last read what not every walk reads; to be changed in place."""
        done: dict[str, str] = self.extraction.state.setdefault("last_done", {})
        return done

    def is_due(self, what: str, every: timedelta) -> bool:
        """Whether something was last read that long ago, or never."""
        last = self.last_done.get(what)
        return last is None or self.extraction.started_at - datetime.fromisoformat(last) >= every

    def is_done(self, what: str) -> None:
        """Remember that this walk read it."""
        self.last_done[what] = self.extraction.started_at.isoformat()


def extract(extraction: Extraction) -> Iterator[Page]:
    """All pages of a connection."""
    walk = Walk(extraction, Accounts(extraction.hash_email))
    projects = project_names(extraction)
    yield from vocabulary_pages(extraction)
    if "boards" not in extraction.settings.without and walk.is_due("boards", BOARDS_READ_EVERY):
        yield from board_pages(walk)
    for project in projects:
        yield from changed_issue_pages(walk, project)
    extraction.state["whole_projects"] = sorted(walk.whole_projects)
    if walk.is_due("reconciliation", RECONCILED_EVERY):
        yield from reconciliation_pages(walk, projects)
    yield Page("projects", list(walk.projects.values()))


def project_names(extraction: Extraction) -> list[str]:
    """The projects of the settings, else the ids of all that the token sees."""
    named = list(extraction.settings.projects)
    return named or [str(project["id"]) for project in listed(extraction, PROJECTS)]


def vocabulary_pages(extraction: Extraction) -> Iterator[Page]:
    """Statuses with their categories, and types of issues."""
    statuses = extraction.http.get_json("/rest/api/3/status")
    yield Page(
        "statuses",
        [
            {"id": each["id"], "name": each["name"], "category": part(each, "statusCategory", "key")}
            for each in statuses
        ],
    )
    types = extraction.http.get_json("/rest/api/3/issuetype")
    yield Page(
        "issue_types",
        [
            {
                "id": each["id"],
                "name": each["name"],
                "untranslated_name": each.get("untranslatedName"),
                "is_subtask": each.get("subtask"),
                "hierarchy_level": each.get("hierarchyLevel"),
            }
            for each in types
        ],
    )


def board_pages(walk: Walk) -> Iterator[Page]:
    """Boards of the projects, and the sprints of those that have any."""
    extraction = walk.extraction
    for project in extraction.settings.projects or (None,):
        wanted = {"projectKeyOrId": project} if project else {}
        for board in listed(extraction, BOARDS, wanted):
            board_id = str(board["id"])
            project_id = part(board, "location", "projectId")
            location = None if project_id is None else str(project_id)
            yield Page("boards", [{"id": board_id, "type": board.get("type"), "project_id": location}])
            walk.is_done("boards")
            if board.get("type") != "kanban":
                yield Page("sprints", _sprints(extraction, board_id))


def _sprints(extraction: Extraction, board_id: str) -> list[Payload]:
    try:
        sprints = listed(extraction, f"{BOARDS}/{board_id}/sprint")
    except RejectedRequestError:
        extraction.log(f"board {board_id} has no sprints")
        return []
    return [
        {
            "id": str(sprint["id"]),
            "board_id": board_id if (origin := sprint.get("originBoardId")) is None else str(origin),
            "name": sprint.get("name"),
            "state": sprint.get("state"),
            "started_at": sprint.get("startDate"),
            "ends_at": sprint.get("endDate"),
            "completed_at": sprint.get("completeDate"),
        }
        for sprint in sprints
    ]


def changed_issue_pages(walk: Walk, project: str) -> Iterator[Page]:
    """Issues of a project that changed since the cursor, which then moves."""
    since = walk.resumed_at(project)
    walk.extraction.log(f"{project}: reading {'all issues' if since is None else 'what changed'}")
    if since is None:
        walk.whole.add(project)
    newest: datetime | None = None
    jql = changed_since(project, since, walk.zone if since else None)
    for issues in found(walk.extraction, jql, FIELDS):
        yield from issue_pages(walk, issues)
        newest = max([*_updates(issues), *([newest] if newest else [])], default=None)
    if newest is not None:
        # Not beyond the start: what was updated since may have been read before that update.
        through = min(newest, walk.extraction.started_at)
        earlier = walk.cursors.get(project)
        if earlier is None or datetime.fromisoformat(earlier) < through:
            walk.cursors[project] = through.astimezone(UTC).isoformat()


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


def reconciliation_pages(walk: Walk, projects: Sequence[str]) -> Iterator[Page]:
    """Ids of all issues of the projects; what a whole walk should have met and did not is read now.

    A site without any issue is one that the token cannot see, or a new one: it proves no deletion.
    """
    ids: dict[str, set[str]] = {}
    for project in projects:
        walk.extraction.log(f"{project}: reading the ids of all issues")
        ids[project] = _standing_ids(walk.extraction, project)
    standing = set().union(*ids.values())
    if not standing:
        return
    for project, found_ids in ids.items():
        rows = [{"project": project, "issue_id": issue_id} for issue_id in sorted(found_ids)]
        yield Page("standing_issues", rows, parents=[(project,)])
    missed = sorted({each for project in ids.keys() & walk.whole for each in ids[project]} - walk.seen)
    for first in range(0, len(missed), ISSUES_AT_ONCE):
        for issues in found(walk.extraction, with_ids(missed[first : first + ISSUES_AT_ONCE]), FIELDS):
            yield from issue_pages(walk, issues)
    walk.is_done("reconciliation")
    yield Page("reconciliations", [{"scope": "issues", "reconciled_at": walk.extraction.started_at}])
    if walk.whole_projects >= set(projects):
        walk.extraction.expect_count("issues", "", len(standing))


def _standing_ids(extraction: Extraction, project: str) -> set[str]:
    """Read in both directions: a deletion meanwhile shifts the list by one, to either side."""
    jql = changed_since(project, None, None)
    return {
        str(issue["id"])
        for issues in (*found(extraction, jql, ("id",)), *found(extraction, jql, ("id",), "DESC"))
        for issue in issues
    }


def listed(extraction: Extraction, path: str, params: Payload | None = None) -> list[Payload]:
    """A whole list that is paged by `startAt`.

    Raises:
        MalformedResponseError: it says that there is more, and gives no more.
        HttpError: it is refused.
    """
    found_so_far: list[Payload] = []
    while True:
        asked = {**(params or {}), "startAt": len(found_so_far), "maxResults": _LISTED_AT_ONCE}
        page = extraction.http.get_json(path, asked)
        values = page.get("values") if isinstance(page, dict) else None
        if not isinstance(values, list):
            raise MalformedResponseError(f"{path} answered without the list that it promised")
        found_so_far += values
        is_last = page.get("isLast", not values)
        if len(found_so_far) < (page.get("total") or 0) if is_last else not values:
            raise MalformedResponseError(f"{path} ended after {len(found_so_far)} and promised more")
        if is_last:
            return found_so_far
