"""What GitLab's system notes say, by their exact English wordings: kinds of events, never the words.

Drafts, requests for review, approvals, merge trains and assignments leave no other trace. A wording that is
not known here (another version, another language) is `unknown`, and is counted, not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

UNKNOWN = "unknown"
OTHER = "other"
"""A known wording that matters to nothing here."""


class Said(NamedTuple):
    """One thing that a note says; `username` is whom it concerns, `detail` a branch or a word of ours."""

    type: str
    username: str | None = None
    detail: str | None = None


_USERS = r"@[\w.-]+(?:(?:, and |, | and )@[\w.-]+)*"
_USERNAME = re.compile(r"@([\w.-]+)")
_REQUEST = re.compile(rf"requested review from (?P<asked>{_USERS})")
_REQUEST_REMOVED = re.compile(
    rf"(?:requested review from (?P<asked>{_USERS}) and )?removed review request for (?P<removed>{_USERS})"
)
_ASSIGNED = re.compile(rf"assigned to (?P<assigned>{_USERS})(?: and unassigned (?P<unassigned>{_USERS}))?")
_UNASSIGNED = re.compile(rf"unassigned (?P<unassigned>{_USERS})")
_RESET = re.compile(rf"reset approvals from (?P<reset>{_USERS}) by pushing to the branch")
_TARGET = re.compile(r"changed target branch from `(?P<old>[^`]+)` to `(?P<new>[^`]+)`")

_FIXED: tuple[tuple[re.Pattern[str], Said], ...] = tuple(
    (re.compile(pattern, re.DOTALL), said)
    for pattern, said in (
        (r"approved this merge request", Said("approved")),
        (r"unapproved this merge request", Said("unapproved")),
        (r"requested changes", Said("requested_changes")),
        (r"marked this merge request as \*\*draft\*\*(?: from .+)?", Said("draft")),
        (r"marked as a \*\*Work In Progress\*\*(?: from .+)?", Said("draft")),
        (r"marked this merge request as \*\*ready\*\*", Said("ready")),
        (r"unmarked as a \*\*Work In Progress\*\*", Said("ready")),
        (r"enabled an automatic merge when .+", Said("auto_merge_enabled")),
        (r"enabled automatic add to merge train when .+", Said("auto_merge_enabled")),
        (r"canceled (?:the automatic merge|automatic add to merge train)", Said("auto_merge_disabled")),
        (
            r"aborted (?:the automatic merge|automatic add to merge train) because .+",
            Said("auto_merge_disabled", detail="aborted"),
        ),
        (r"started a merge train", Said("train_joined")),
        (r"added this merge request to the merge train at position \d+", Said("train_joined")),
        (r"removed this merge request from the merge train", Said("train_left", detail="removed")),
        (
            r"removed this merge request from the merge train because .+",
            Said("train_left", detail="aborted"),
        ),
        (r"added \d+ commits?(?:\n.*)?", Said(OTHER)),
        (r"mentioned in .+", Said(OTHER)),
        (r"changed title from .+", Said(OTHER)),
        (r"changed the description", Said(OTHER)),
        (r"changed this (?:line|file) in .+", Said(OTHER)),
        (r"merged|closed|reopened", Said(OTHER)),
        (r"resolved all threads", Said(OTHER)),
        (r"(?:restored|deleted) source branch .+", Said(OTHER)),
        (r"(?:added|removed) ~.+ labels?", Said(OTHER)),
        (r"(?:changed|removed) milestone.*", Said(OTHER)),
        (r"created .+ to continue this discussion", Said(OTHER)),
    )
)


def said(body: str) -> Iterator[Said]:
    """What a system note says, one item for each person it concerns."""
    words = body.strip()
    if match := _REQUEST.fullmatch(words):
        yield from _each("review_requested", match["asked"])
    elif match := _REQUEST_REMOVED.fullmatch(words):
        yield from _each("review_requested", match["asked"] or "")
        yield from _each("review_request_removed", match["removed"])
    elif match := _ASSIGNED.fullmatch(words):
        yield from _each("assigned", match["assigned"])
        yield from _each("unassigned", match["unassigned"] or "")
    elif match := _UNASSIGNED.fullmatch(words):
        yield from _each("unassigned", match["unassigned"])
    elif match := _RESET.fullmatch(words):
        yield from _each("approval_reset", match["reset"])
    elif match := _TARGET.fullmatch(words):
        yield Said("target_changed", detail=f"{match['old']}..{match['new']}")
    else:
        yield next((what for pattern, what in _FIXED if pattern.fullmatch(words)), Said(UNKNOWN))


def _each(kind: str, users: str) -> Iterator[Said]:
    for username in _USERNAME.findall(users):
        yield Said(kind, username)
