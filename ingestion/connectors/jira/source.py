"""The walk over a connection: the small lists, then each project's changed issues, and the ids of all.

Jira tells of no deletion: where a project changed, and each week, the ids of all of its issues are read, and
staging leaves out what was not among them. A project that can no longer be seen is left as it was, for that
need not be a deletion.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from ingestion.connector import Extraction, Page
from ingestion.connectors.jira.issues import changed_issue_pages, reconciliation_pages
from ingestion.connectors.jira.rows import Accounts, part
from ingestion.connectors.jira.walk import Walk
from ingestion.http import MalformedResponseError, RejectedRequestError

Payload = dict[str, Any]

PROJECTS = "/rest/api/3/project/search"
BOARDS = "/rest/agile/1.0/board"
BOARDS_READ_EVERY = timedelta(days=1)
RECONCILED_EVERY = timedelta(days=7)
_LISTED_AT_ONCE = 50


def extract(extraction: Extraction) -> Iterator[Page]:
    """All pages of a connection."""
    walk = Walk(extraction, Accounts(extraction.hash_email))
    projects = [walk.project(name) for name in project_names(extraction)]
    yield from vocabulary_pages(extraction)
    if "boards" not in extraction.settings.without:
        yield from board_pages(walk)
    for project in projects:
        reads_all = project.resumed_at is None
        is_changed = yield from changed_issue_pages(project)
        if is_changed or walk.is_due(project.state.get("reconciled_at"), RECONCILED_EVERY):
            yield from reconciliation_pages(project, reads_all=reads_all)
    if all(project.state.get("is_whole") and project.name in walk.standing for project in projects):
        extraction.expect_count("issues", "", len(set().union(*walk.standing.values())))
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
    """Boards of the projects, and the sprints of those that have any; once a day."""
    extraction = walk.extraction
    if not walk.is_due(extraction.state.get("boards_read_at"), BOARDS_READ_EVERY):
        return
    for project in extraction.settings.projects or (None,):
        wanted = {"projectKeyOrId": project} if project else {}
        for board in listed(extraction, BOARDS, wanted):
            board_id = str(board["id"])
            project_id = part(board, "location", "projectId")
            location = None if project_id is None else str(project_id)
            yield Page("boards", [{"id": board_id, "type": board.get("type"), "project_id": location}])
            extraction.state["boards_read_at"] = walk.started_at
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
