"""What Jira answers: issues, change logs, people, lists, in its own words and in the profile's time zone."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.calendar import moment
from sandbox.history import Account
from sandbox.jira.view import (
    CATEGORIES,
    ISSUE_TYPES,
    STATUSES,
    Entry,
    Issue,
    IssueType,
    Link,
    Project,
    Sprint,
    Status,
    account_id,
)

Payload = dict[str, Any]

PROFILE_ZONE = ZoneInfo("America/Los_Angeles")
"""Of the token's account; far enough from UTC for a reader to notice."""

_CATEGORY_NAMES = {"new": "To Do", "indeterminate": "In Progress", "done": "Done"}
_HIDDEN_ADDRESS = "@users.noreply.github.com"


def stamp(at: int | None) -> str | None:
    """Return an instant as issues bear it: with milliseconds, and an offset without a colon."""
    return None if at is None else moment(at).astimezone(PROFILE_ZONE).strftime("%Y-%m-%dT%H:%M:%S.000%z")


def user(origin: str, account: Account | None) -> Payload | None:
    """Return a person; many profiles hide the e-mail address."""
    if account is None:
        return None
    identity = account_id(account)
    address = account.signature.email
    return {
        "self": f"{origin}/rest/api/3/user?accountId={identity}",
        "accountId": identity,
        **({} if address.endswith(_HIDDEN_ADDRESS) else {"emailAddress": address}),
        "displayName": account.login,
        "active": True,
        "timeZone": "Etc/UTC",
        "accountType": "atlassian" if account.kind == "human" else "app",
    }


def profile(origin: str) -> Payload:
    """Return the account that the token belongs to."""
    return {
        "self": f"{origin}/rest/api/3/user?accountId=5f0000000000000000000001",
        "accountId": "5f0000000000000000000001",
        "emailAddress": "flowgauge@acme.example",
        "displayName": "flowgauge",
        "active": True,
        "timeZone": str(PROFILE_ZONE),
        "locale": "en_US",
        "accountType": "atlassian",
    }


def status(origin: str, shown: Status) -> Payload:
    """Return a status with its category."""
    return {
        "self": f"{origin}/rest/api/3/status/{shown.id}",
        "description": "",
        "name": shown.name,
        "untranslatedName": shown.name,
        "id": shown.id,
        "statusCategory": {
            "id": CATEGORIES[shown.category],
            "key": shown.category,
            "name": _CATEGORY_NAMES[shown.category],
        },
    }


def statuses(origin: str) -> list[Payload]:
    """Return all statuses."""
    return [status(origin, each) for each in STATUSES.values()]


def issue_type(origin: str, shown: IssueType) -> Payload:
    """Return a type of issue."""
    return {
        "self": f"{origin}/rest/api/3/issuetype/{shown.id}",
        "id": shown.id,
        "description": "",
        "name": shown.name,
        "untranslatedName": shown.name,
        "subtask": False,
        "hierarchyLevel": 0,
    }


def issue_types(origin: str) -> list[Payload]:
    """Return all types of issues."""
    return [issue_type(origin, each) for each in ISSUE_TYPES.values()]


def project(origin: str, shown: Project) -> Payload:
    """Return a project."""
    return {
        "self": f"{origin}/rest/api/3/project/{shown.id}",
        "id": shown.id,
        "key": shown.key,
        "name": shown.team.title(),
        "projectTypeKey": "software",
        "simplified": False,
        "style": "classic",
        "isPrivate": False,
    }


def issue(origin: str, shown: Issue, fields: Iterable[str]) -> Payload:
    """Return an issue with the fields asked for; without any it is its id alone."""
    wanted = {name.strip() for name in fields}
    if wanted <= {"id"}:
        return {"id": str(shown.ticket.id)}
    everything = _fields(origin, shown)
    if not wanted & {"*all", "*navigable"}:
        everything = {name: value for name, value in everything.items() if name in wanted}
    return {
        "expand": "operations,changelog",
        "id": str(shown.ticket.id),
        "self": f"{origin}/rest/api/3/issue/{shown.ticket.id}",
        "key": shown.ticket.key,
        "fields": everything,
    }


def _fields(origin: str, shown: Issue) -> Payload:
    ticket, resolution = shown.ticket, shown.status.resolution
    due = None if ticket.due_at is None else moment(ticket.due_at).date().isoformat()
    reporter = user(origin, ticket.reporter)
    return {
        "summary": f"{ticket.kind} {ticket.key}",
        "description": None,
        "issuetype": issue_type(origin, ISSUE_TYPES[ticket.kind]),
        "project": project(origin, shown.project),
        "status": status(origin, shown.status),
        "resolution": resolution and {"id": resolution[0], "name": resolution[1], "description": ""},
        "resolutiondate": stamp(shown.resolved_at),
        "creator": reporter,
        "reporter": reporter,
        "assignee": user(origin, shown.assignee),
        "duedate": due,
        "created": stamp(ticket.created_at),
        "updated": stamp(shown.updated_at),
        "labels": [],
    }


def entry(origin: str, shown: Entry, *, is_bulk: bool) -> Payload:
    """Return an entry of a change log; the bulk endpoint tells its instant in milliseconds."""
    return {
        "id": str(shown.id),
        "author": user(origin, shown.author),
        "created": shown.at * 1000 if is_bulk else stamp(shown.at),
        "items": [
            {
                "field": item.field,
                "fieldtype": "custom" if (item.field_id or "").startswith("customfield") else "jira",
                **({"fieldId": item.field_id} if item.field_id else {}),
                "from": item.before,
                "fromString": item.shown_before,
                "to": item.after,
                "toString": item.shown_after,
            }
            for item in shown.items
        ],
    }


def link(origin: str, shown: Link, ticket_id: int, now: int) -> Payload:
    """Return a link by hand to a change."""
    repository = shown.change.repository.name_at(now)
    return {
        "id": shown.id,
        "self": f"{origin}/rest/api/3/issue/{ticket_id}/remotelink/{shown.id}",
        "application": {},
        "relationship": "mentioned on",
        "object": {
            "url": f"https://github.com/{repository}/pull/{shown.change.number}",
            "title": shown.change.title,
            "icon": {},
            "status": {"icon": {}, "resolved": False},
        },
    }


def board(origin: str, shown: Project) -> Payload:
    """Return the board of a project."""
    return {
        "id": shown.board_id,
        "self": f"{origin}/rest/agile/1.0/board/{shown.board_id}",
        "name": f"{shown.key} board",
        "type": "scrum" if shown.has_sprints else "kanban",
        "location": {"projectId": int(shown.id), "projectKey": shown.key, "projectTypeKey": "software"},
    }


def sprint(origin: str, shown: Sprint, now: int) -> Payload:
    """Return a sprint."""
    state = shown.state(now)
    return {
        "id": shown.id,
        "self": f"{origin}/rest/agile/1.0/sprint/{shown.id}",
        "state": state,
        "name": shown.name,
        "startDate": _zulu(shown.starts_at),
        "endDate": _zulu(shown.ends_at),
        **({"completeDate": _zulu(shown.ends_at)} if state == "closed" else {}),
        "originBoardId": shown.board_id,
        "goal": "",
    }


def _zulu(at: int) -> str:
    instant: datetime = moment(at)
    return instant.strftime("%Y-%m-%dT%H:%M:%S.000Z")
