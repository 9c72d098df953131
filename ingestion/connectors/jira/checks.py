"""What `flowgauge doctor` asks of a Jira connection: reading only, and what each refusal costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingestion.connector import Extraction, Finding
from ingestion.connectors.jira.issues import CHANGE_LOGS
from ingestion.connectors.jira.source import BOARDS, PROJECTS, listed
from ingestion.http import AuthenticationError, HttpError, RejectedRequestError


def check(extraction: Extraction) -> Iterator[Finding]:
    """Findings on token, profile, projects, change logs and boards."""
    try:
        profile = extraction.http.get_json("/rest/api/3/myself")
    except AuthenticationError as error:
        yield Finding("error", "Jira does not accept the token", str(error))
        return
    except HttpError as error:
        yield Finding("error", f"Jira cannot be read: {error}", "check base_url and the token's scopes")
        return
    yield Finding("ok", "Jira accepts the token")
    yield from _profile(extraction, profile)
    yield from _projects(extraction)
    yield from _change_logs(extraction)
    if "boards" not in extraction.settings.without:
        yield from _boards(extraction)


def _profile(extraction: Extraction, profile: dict[str, Any]) -> Iterator[Finding]:
    """The zone that searches depend on, and whether addresses are seen."""
    told, named = profile.get("timeZone"), extraction.settings.time_zone
    if not told and not named:
        yield Finding(
            "error",
            "the token's profile tells no time zone, in which Jira reads dates",
            "give time_zone in the settings, as it stands in the account's profile",
        )
    elif told and named and told != named:
        yield Finding(
            "error",
            f"time_zone is {named}, but the token's profile is in {told}: changes would be missed",
            "take time_zone out of the settings",
        )
    else:
        yield Finding("ok", f"searches are in the profile's time zone, {told or named}")


def _projects(extraction: Extraction) -> Iterator[Finding]:
    """Which projects are seen, and which of the settings' are not."""
    try:
        visible = listed(extraction, PROJECTS)
    except HttpError as error:
        message = f"projects cannot be listed: {error}"
        yield Finding("error", message, "give the token the scope read:jira-work")
        return
    names = {str(project[name]).lower() for project in visible for name in ("id", "key")}
    wanted = extraction.settings.projects
    hidden = [name for name in wanted if name.lower() not in names]
    for name in hidden:
        yield Finding(
            "error",
            f"project {name} does not exist or is not visible to the token",
            "check its key, or give the account the permission Browse projects",
        )
    if not visible:
        yield Finding("error", "no project is visible", "give the account the permission Browse projects")
    elif not hidden:
        yield Finding("ok", f"{len(wanted) or len(visible):,} projects can be read")


def _change_logs(extraction: Extraction) -> Iterator[Finding]:
    """Whether the bulk endpoint answers at all: an issue that does not exist is a question it may refuse."""
    try:
        extraction.http.post_json(CHANGE_LOGS, {"issueIdsOrKeys": ["1"], "maxResults": 1}, kind="changelog")
    except RejectedRequestError:
        pass
    except HttpError as error:
        yield Finding(
            "error",
            f"change logs cannot be read: {error}",
            "give the token the scope read:jira-work; without them there is no history of any issue",
        )
        return
    yield Finding("ok", "change logs can be read")


def _boards(extraction: Extraction) -> Iterator[Finding]:
    try:
        extraction.http.get_json(BOARDS, {"maxResults": 1})
    except HttpError as error:
        yield Finding(
            "error",
            f"boards cannot be read: {error}",
            "give the token the scopes read:board-scope and read:sprint of Jira Software, "
            "or put boards under without: sprints then have names, but no dates",
        )
    else:
        yield Finding("ok", "boards and sprints can be read")
