"""What happened to merge requests and issues in the words of GitLab's notes; comments have no words here.

Requests to teams leave no trace: GitLab asks persons only.
"""

from collections.abc import Iterator
from itertools import groupby, pairwise
from typing import NamedTuple

from sandbox.gitlab.view import Issue, MergeRequest
from sandbox.history import Account, Event, Head

HEAD_NOTES, ISSUE_NOTES = 900_000_000_000, 800_000_000_000
"""Notes on pushes and on issues are numbered from here, others by their event."""

_FIXED = {
    "ready_for_review": "marked this merge request as **ready**",
    "converted_to_draft": "marked this merge request as **draft**",
    "auto_merge_disabled": "canceled the automatic merge",
}
_REQUESTS = {
    "review_requested": "requested review from",
    "review_request_removed": "removed review request for",
}
_VERDICTS = {"approved": "approved this merge request", "changes_requested": "requested changes"}


class Note(NamedTuple):
    """A note; `kind` is that of comments on lines, None for others."""

    id: int
    at: int
    author: Account
    body: str
    is_system: bool = True
    kind: str | None = None


def notes(request: MergeRequest) -> list[Note]:
    """Return the notes, newest first."""
    found = [*_pushes(request.change.id, request.versions, request.change.author), *_events(request)]
    return sorted(found, key=lambda note: (note.at, note.id), reverse=True)


def issue_notes(issue: Issue, now: int) -> list[Note]:
    """Return the notes of an issue, newest first: to whom it was assigned."""
    steps = [step for step in issue.ticket.fields if step.field == "assignee" and step.at <= now]
    found = [
        Note(
            ISSUE_NOTES + issue.ticket.id * 100 + place,
            step.at,
            step.actor,
            f"assigned to @{username(step.actor)}",
        )
        for place, step in enumerate(steps)
        if step.actor
    ]
    return found[::-1]


def username(account: Account) -> str:
    """Return a login as GitLab allows it."""
    return account.login.removesuffix("[bot]")


def _pushes(number: int, versions: list[Head], author: Account) -> Iterator[Note]:
    for place, (before, head) in enumerate(pairwise(versions)):
        known = {commit.sha for commit in before.commits}
        count = max(1, sum(commit.sha not in known for commit in head.commits))
        lines = "".join(f"<li>{commit.sha[:8]} - work</li>" for commit in head.commits[-count:])
        body = f"added {count} commit{'s' if count > 1 else ''}\n\n<ul>{lines}</ul>"
        yield Note(HEAD_NOTES + number * 1000 + place, head.at, author, body)


def _events(request: MergeRequest) -> Iterator[Note]:
    for (kind, at), group in groupby(request.events, key=lambda event: (event.kind, event.at)):
        events = [event for event in group if event.actor]
        if kind == "review_dismissed":
            yield from _reset(events, at)
        else:
            for event in events:
                yield from _note(event, request)


def _reset(events: list[Event], at: int) -> Iterator[Note]:
    names = [
        f"@{username(event.subject.actor)}"
        for event in events
        if isinstance(event.subject, Event) and event.subject.actor and event.subject.detail == "approved"
    ]
    if names and events[0].actor:
        *others, last = names
        separator = ", and " if len(others) > 1 else " and "
        listed = f"{', '.join(others)}{separator}{last}" if others else last
        yield Note(
            events[0].id, at, events[0].actor, f"reset approvals from {listed} by pushing to the branch"
        )


def _note(event: Event, request: MergeRequest) -> Iterator[Note]:
    assert event.actor is not None  # noqa: S101 - chosen by the caller
    if event.kind == "commented":
        yield Note(event.id, event.at, event.actor, "A comment.", is_system=False)
    elif event.kind == "reviewed" and event.detail == "commented":
        yield Note(event.id, event.at, event.actor, "A comment on a line.", is_system=False, kind="DiffNote")
    elif body := _body(event, request):
        yield Note(event.id, event.at, event.actor, body)


def _body(event: Event, request: MergeRequest) -> str:
    """Return the words of a system note; empty where GitLab writes none."""
    if event.kind == "reviewed":
        return _VERDICTS.get(event.detail, "")
    if event.kind in _REQUESTS:
        return (
            f"{_REQUESTS[event.kind]} @{username(event.subject)}"
            if isinstance(event.subject, Account)
            else ""
        )
    if event.kind == "auto_merge_enabled":
        return f"enabled an automatic merge when all merge checks for {request.head.sha} pass"
    if event.kind == "enqueued":
        return (
            "started a merge train"
            if event.id % 2
            else "added this merge request to the merge train at position 2"
        )
    if event.kind == "dequeued" and event.detail != "MERGE":
        return "removed this merge request from the merge train because the pipeline did not succeed."
    return _FIXED.get(event.kind, "")
