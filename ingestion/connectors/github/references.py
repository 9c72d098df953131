"""What a pull request's words say about others: reverts, closing references, and keys of tickets."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ingestion.ticket_keys import keys_named

_CLOSING = re.compile(
    r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+((?:[\w.-]+/[\w.-]+)?#\d+)", re.IGNORECASE
)
_REVERTED_COMMIT = re.compile(r"\bThis reverts commit ([0-9a-f]{40})\b", re.IGNORECASE)
_REVERTED_PULL_REQUEST = re.compile(r"^\s*Reverts ([\w.-]+/[\w.-]+)?#(\d+)\b", re.IGNORECASE | re.MULTILINE)
_REVERT_TITLE = re.compile(r"^\s*Revert\b.*", re.IGNORECASE)
_NUMBER_IN_TITLE = re.compile(r"[(\s]#(\d+)\b")


@dataclass(frozen=True)
class References:
    """Reverts and closing references.

    Attributes:
        title_marker: for instance `Revert #12, fixes #3, names ACME-4, commits name ACME-5`, or None.
        reverts_sha: commit said to be reverted.
        reverts_number: pull request of the same repository said to be reverted.
    """

    title_marker: str | None
    reverts_sha: str | None
    reverts_number: int | None


def references(repository: str, title: str, body: str, messages: Iterable[str] = ()) -> References:
    """References in title and body; the reverted commit and keys also in messages of commits and merge."""
    messages = list(messages)
    number = _reverted_number(repository, title, body)
    texts = (body, *messages)
    sha = next((found[1].lower() for text in texts if (found := _REVERTED_COMMIT.search(text))), None)
    parts = []
    if number is not None or _REVERT_TITLE.match(title):
        parts.append("Revert" if number is None else f"Revert #{number}")
    closed = {found.lower() for text in (title, body) for found in _CLOSING.findall(text)}
    parts.extend(f"fixes {reference}" for reference in sorted(closed))
    named = keys_named(title, body)
    parts.extend(f"names {key}" for key in named)
    committed = {key for message in messages for key in keys_named(*_subject_and_text(message))}
    parts.extend(f"commits name {key}" for key in sorted(committed.difference(named)))
    return References(", ".join(parts) or None, sha, number)


def _subject_and_text(message: str) -> tuple[str, str]:
    subject, _, text = message.partition("\n")
    return subject, text


def _reverted_number(repository: str, title: str, body: str) -> int | None:
    """GitHub's own revert says `Reverts owner/name#12`; by hand it is the last number of a revert's title."""
    for owner_and_name, number in _REVERTED_PULL_REQUEST.findall(body):
        if owner_and_name.lower() in ("", repository.lower()):
            return int(number)
    numbers = _NUMBER_IN_TITLE.findall(title) if _REVERT_TITLE.match(title) else []
    return int(numbers[-1]) if numbers else None
