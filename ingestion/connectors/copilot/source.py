"""The walk over an organisation's Copilot: usage reports by day, today's seats, agent tasks by repository.

Which days there are is told by the 28-day report, so that no clock is asked; a day is final after three full
UTC days, so that each walk reads the newest four again. A day without a report (204) is one without use, or
not ready. Reports lie behind signed links on another host, which get no credentials.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ingestion.connector import Extraction, Page
from ingestion.connectors.copilot.settings import CopilotSettings
from ingestion.cursors import latest
from ingestion.days import days_to_read
from ingestion.http import MalformedResponseError

Payload = dict[str, Any]

PAGE_SIZE = 100
OPEN_DAYS = timedelta(days=4)
_FIRST_DAY = date(2025, 10, 10)
_KEPT = timedelta(days=365)
_OVERLAP = timedelta(hours=1)


def extract(extraction: Extraction) -> Iterator[Page]:
    """All pages of an organisation, part by part."""
    settings: CopilotSettings = extraction.settings
    if "usage" not in settings.without:
        yield from usage_pages(extraction)
    if extraction.days is not None:
        return
    if "seats" not in settings.without:
        yield from seat_pages(extraction)
    if "agent_tasks" not in settings.without:
        for repository in settings.repositories:
            yield from task_pages(extraction, repository)


def usage_pages(extraction: Extraction) -> Iterator[Page]:
    """What each person did on each day that is new or not final yet; moves the cursor after the last."""
    newest = _newest_day(extraction)
    cursor = extraction.state.get("day")
    if newest is None:
        extraction.log("there is no usage report yet")
        return
    oldest = max(newest - _KEPT, _FIRST_DAY)
    earliest = max(newest - timedelta(days=extraction.settings.history_days), oldest)
    resumed = max(date.fromisoformat(cursor) - OPEN_DAYS + timedelta(days=1), oldest) if cursor else None
    for day in days_to_read(extraction, resumed=resumed, earliest=earliest, newest=newest):
        rows = _report(extraction, day)
        if rows is not None:
            yield Page("accounts", [_account(row["user_id"], row["user_login"]) for row in rows])
            yield Page("user_days", [_user_day(row, day) for row in rows], [(day,)])
            extraction.read_day("user_days", day, len(rows))
            cursor = max(cursor or "", day.isoformat())
    extraction.state["day"] = cursor


def seat_pages(extraction: Extraction) -> Iterator[Page]:
    """The seats as they are now; those of nobody yet (invitations) are left out."""
    day = extraction.started_at.astimezone(UTC).date().isoformat()
    path = f"/orgs/{extraction.settings.organization}/copilot/billing/seats"
    unassigned = total = 0
    for page in extraction.http.pages(path, {"per_page": PAGE_SIZE}, select="seats"):
        total = page.response.json()["total_seats"]
        seats = [seat for seat in page if seat.get("assignee")]
        unassigned += len(page) - len(seats)
        yield Page(
            "accounts", [_account(seat["assignee"]["id"], seat["assignee"]["login"]) for seat in seats]
        )
        yield Page("seats", [_seat(seat, day) for seat in seats])
    extraction.expect_count("seats", f"day={day}", total - unassigned)


def task_pages(extraction: Extraction, repository: str) -> Iterator[Page]:
    """Tasks of a repository that changed; moves its cursor after the last.

    In the order of their creation, for one that changes while the list is read would move to the end of any
    other, and others past the reader. The cursor stays behind the start of the walk: what changed later may
    have been read before.
    """
    cursors: dict[str, str] = extraction.state.setdefault("tasks_updated_at", {})
    cursor = cursors.get(repository)
    since = _tasks_since(extraction, cursor)
    for is_archived in ("false", "true"):
        params = {"per_page": PAGE_SIZE, "sort": "created_at", "direction": "asc", "is_archived": is_archived}
        if since:
            params["since"] = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for page in extraction.http.pages(f"/agents/repos/{repository}/tasks", params, select="tasks"):
            tasks = [
                extraction.http.get_json(f"/agents/repos/{repository}/tasks/{task['id']}") for task in page
            ]
            yield from _task_rows(tasks)
            cursor = latest((task.get("updated_at") for task in tasks), cursor)
    if cursor:
        through = min(datetime.fromisoformat(cursor), extraction.started_at)
        cursors[repository] = through.astimezone(UTC).isoformat()


def _tasks_since(extraction: Extraction, cursor: str | None) -> datetime | None:
    resumed = datetime.fromisoformat(cursor) - _OVERLAP if cursor else None
    return min(resumed, extraction.since) if resumed and extraction.since else resumed or extraction.since


def _task_rows(tasks: list[Payload]) -> Iterator[Page]:
    parents = [(task["id"],) for task in tasks]
    sessions = [_session(task, session) for task in tasks for session in task.get("sessions") or []]
    artifacts = [_artifact(task, artifact) for task in tasks for artifact in task.get("artifacts") or []]
    yield Page("agent_tasks", [_task(task) for task in tasks])
    yield Page("agent_task_sessions", sessions, parents)
    yield Page("agent_task_artifacts", artifacts, parents)


def _newest_day(extraction: Extraction) -> date | None:
    """The last day that has a report; None where there is none at all."""
    path = f"/orgs/{extraction.settings.organization}/copilot/metrics/reports/users-28-day/latest"
    latest = extraction.http.get_json(path)
    return date.fromisoformat(latest["report_end_day"]) if latest else None


def _report(extraction: Extraction, day: date) -> list[Payload] | None:
    """Rows of a day's report, of all its files; None where there is no report.

    Raises:
        MalformedResponseError: a file is not what it should be, or of another day.
    """
    path = f"/orgs/{extraction.settings.organization}/copilot/metrics/reports/users-1-day"
    report = extraction.http.get_json(path, {"day": day.isoformat()})
    if report is None:
        return None
    with TemporaryDirectory() as folder:
        file = Path(folder) / "report.ndjson"
        rows = []
        for link in report["download_links"]:
            extraction.http.download(link, file)
            rows += list(_lines(file, day))
    return rows


def _lines(file: Path, day: date) -> Iterator[Payload]:
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                row: Payload = json.loads(line)
            except ValueError:
                raise MalformedResponseError(f"the usage report of {day} is cut short or no NDJSON") from None
            if row["day"] != day.isoformat():
                raise MalformedResponseError(f"the usage report of {day} holds rows of {row['day']}")
            yield row


def _account(identity: Any, login: str) -> Payload:
    return {"id": str(identity), "login": login}


def _user_day(row: Payload, day: date) -> Payload:
    return {
        "user_id": str(row["user_id"]),
        "day": day,
        "interaction_count": row.get("user_initiated_interaction_count"),
        "cli_prompt_count": (row.get("totals_by_cli") or {}).get("prompt_count"),
        "generation_count": row.get("code_generation_activity_count"),
        "acceptance_count": row.get("code_acceptance_activity_count"),
        "suggested_line_count": row.get("loc_suggested_to_add_sum"),
        "added_line_count": row.get("loc_added_sum"),
        "deleted_line_count": row.get("loc_deleted_sum"),
        "used_agent": row.get("used_agent"),
        "used_chat": row.get("used_chat"),
        "used_cli": row.get("used_cli"),
    }


def _seat(seat: Payload, day: str) -> Payload:
    return {
        "user_id": str(seat["assignee"]["id"]),
        "day": day,
        "created_at": seat["created_at"],
        "last_activity_at": seat.get("last_activity_at"),
        "last_authenticated_at": seat.get("last_authenticated_at"),
        "pending_cancellation_on": seat.get("pending_cancellation_date"),
        "plan_type": seat.get("plan_type"),
    }


def _task(task: Payload) -> Payload:
    creator = (task.get("creator") or {}).get("id")
    return {
        "id": task["id"],
        "repository_id": str(task["repository"]["id"]),
        "creator_id": None if creator is None else str(creator),
        "state": task["state"],
        "created_at": task["created_at"],
        "updated_at": task.get("updated_at"),
    }


def _session(task: Payload, session: Payload) -> Payload:
    return {
        "id": session["id"],
        "task_id": task["id"],
        "state": session["state"],
        "head_branch": session.get("head_ref"),
        "model": session.get("model"),
        "created_at": session["created_at"],
        "completed_at": session.get("completed_at"),
    }


def _artifact(task: Payload, artifact: Payload) -> Payload:
    data = artifact["data"]
    reference = data["id"] if artifact["type"] == "pull" else data["head_ref"]
    return {"task_id": task["id"], "type": artifact["type"], "reference": str(reference)}
