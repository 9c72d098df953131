"""What a merge request's words say about others: reverts and closing references, no other prose."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_ISSUE = r"(?:[\w.-]+(?:/[\w.-]+)*)?#\d+"
_CLOSING = re.compile(
    r"\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?)\b:?"
    rf"(?: issues?)? +((?:{_ISSUE}(?:,? and |, ?)?)+)",
    re.IGNORECASE,
)
_REVERTED_COMMIT = re.compile(r"\bThis reverts commit ([0-9a-f]{40})\b", re.IGNORECASE)
_REVERTED_REQUEST = re.compile(r"\b[Rr]everts (?:merge request )?([\w.-]+(?:/[\w.-]+)*)?!(\d+)\b")
_REVERT_TITLE = re.compile(r"\s*Revert\b", re.IGNORECASE)


@dataclass(frozen=True)
class References:
    """Reverts and closing references.

    Attributes:
        title_marker: for instance `Revert !12, fixes #3`; None where there are none.
        reverts_sha: commit said to be reverted.
        reverts_number: merge request of the same project said to be reverted.
    """

    title_marker: str | None
    reverts_sha: str | None
    reverts_number: int | None


def references(project: str, title: str, description: str, messages: Iterable[str] = ()) -> References:
    """References in title and description; the reverted commit also in the messages of commits.

    GitLab's own revert says `This reverts merge request !12` or `This reverts commit <sha>`.
    """
    texts = (description, *messages)
    sha = next((found[1].lower() for one in texts if (found := _REVERTED_COMMIT.search(one))), None)
    numbers = [
        int(number)
        for path, number in _REVERTED_REQUEST.findall(description)
        if path.lower() in ("", project.lower())
    ]
    number = numbers[0] if numbers else None
    parts = []
    if number is not None or _REVERT_TITLE.match(title):
        parts.append("Revert" if number is None else f"Revert !{number}")
    closed = {
        issue.lower()
        for one in (title, description)
        for listed in _CLOSING.findall(one)
        for issue in re.findall(_ISSUE, listed)
    }
    parts.extend(f"fixes {issue}" for issue in sorted(closed))
    return References(", ".join(parts) or None, sha, number)
