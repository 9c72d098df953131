"""Evidence that a coding assistant took part: texts, authors, branches and git-ai notes to markers.

A marker is `<evidence>:<assistant>`; what counts as one is data, in assistant_markers.csv beside this file.
Evidence ranks author > note > vendor record > trailer > body > branch. That a text mentions an assistant is
no evidence, nor that one reviewed. Nothing found proves nothing: trailers can be switched off. The texts
themselves are dropped by whoever calls.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

MARKERS_FILE = Path(__file__).with_name("assistant_markers.csv")
OTHER = "other"
_RANKS = {"author": 1, "note": 2, "vendor": 3, "trailer": 4, "body": 5, "branch": 6}
# A squash puts the trailers of each commit into the middle of the text, under bullets, so every line counts.
# A quoted line (">") is a mention.
_TRAILER = re.compile(r"^[ \t]*(?:[*-][ \t]+)?([A-Za-z][A-Za-z0-9-]*):[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_ADDRESS = re.compile(r"^(.*?)\s*<([^<>]+)>$")
_AGENT_AND_MODEL = re.compile(r"^([^\s:<>]+(?: [^\s:<>]+)?):\s?\S+")
_CREDITS = ("assisted-by", "generated-by")
_NOTE_KEY = re.compile(r"^\s+(\S+)\s+[\d,\-]+", re.MULTILINE)


@dataclass(frozen=True)
class Marker:
    """One row of the marker table."""

    assistant: str
    evidence: str
    found_in: str
    value: str


@cache
def marker_table() -> tuple[Marker, ...]:
    """The rows of assistant_markers.csv, in file order.

    Raises:
        ValueError: If a row's rank is not the one its evidence has.
    """
    with MARKERS_FILE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        if row["evidence"] and _RANKS[row["evidence"]] != int(row["evidence_rank"]):
            raise ValueError(f"{MARKERS_FILE.name}: {row} has a rank that is not its evidence's")
    return tuple(Marker(row["assistant"], row["evidence"], row["found_in"], row["value"]) for row in rows)


def joined(*found: Iterable[str]) -> str | None:
    """The distinct markers, strongest evidence first, then by assistant, comma-joined; None without any."""
    distinct = {marker for markers in found for marker in markers}
    ordered = sorted(distinct, key=lambda marker: (_RANKS[marker.partition(":")[0]], marker))
    return ",".join(ordered) or None


@lru_cache(maxsize=4096)
def from_author(
    email: str | None = None, name: str | None = None, login: str | None = None
) -> frozenset[str]:
    """Markers of an author or committer who is an agent, by address, name or login (apps end in [bot])."""
    return frozenset(f"author:{assistant}" for assistant in _agents(email, name, login))


def from_text(text: str | None) -> set[str]:
    """Markers in a commit message or a pull request's body: trailers and vendors' signatures."""
    if not text:
        return set()
    lowered = text.lower()
    found = {
        f"trailer:{assistant}" for key, value in _TRAILER.findall(text) for assistant in _credited(key, value)
    }
    for marker in _rows("text"):
        if marker.value in lowered and _is_unquoted(lowered, marker.value):
            found.add(f"{marker.evidence}:{marker.assistant}")
    for marker in _rows("opening"):
        if lowered.startswith(marker.value):
            found.add(f"{marker.evidence}:{marker.assistant}")
    return found


def from_branch(branch: str | None) -> set[str]:
    """Markers in a branch name: prefixes that agents give theirs. Weak, since anyone may use them."""
    name = (branch or "").lower()
    return {f"{row.evidence}:{row.assistant}" for row in _rows("branch_prefix") if name.startswith(row.value)}


def from_note(note: str | None) -> set[str]:
    """Markers in a git-ai note: the tools of its attested agent lines; human attestations are none."""
    attested, _, metadata = (note or "").partition("\n---\n")
    keys = {key.partition("::")[0] for key in _NOTE_KEY.findall(attested)}
    agent_keys = {key for key in keys if not key.startswith("h_")}
    if not agent_keys:
        return set()
    tools = _note_tools(metadata, agent_keys)
    return {f"note:{_assistant_named(tool) or OTHER}" for tool in tools} or {f"note:{OTHER}"}


def _note_tools(metadata: str, keys: set[str]) -> set[str]:
    try:
        described = json.loads(metadata)
    except ValueError:
        return set()
    sessions: dict[str, Any] = {**(described.get("prompts") or {}), **(described.get("sessions") or {})}
    agents = (session.get("agent_id") or {} for key, session in sessions.items() if key in keys)
    return {str(agent["tool"]) for agent in agents if agent.get("tool")}


@cache
def _rows(found_in: str) -> tuple[Marker, ...]:
    return tuple(marker for marker in marker_table() if marker.found_in == found_in)


def _agents(email: str | None, name: str | None, login: str | None) -> set[str]:
    found = set()
    for found_in, given in (("email", email), ("login", login)):
        value = (given or "").strip().lower()
        found |= {row.assistant for row in _rows(found_in) if row.value == value}
    ending = (name or "").strip().lower()
    return found | {row.assistant for row in _rows("name_ending") if ending.endswith(row.value)}


def _credited(key: str, value: str) -> set[str]:
    """Assistants that one trailer credits."""
    key = key.lower()
    line = f"{key}: {value.lower()}"
    found = {row.assistant for row in _rows("trailer") if row.value == line}
    found |= {row.assistant for row in _rows("trailer_prefix") if key.startswith(row.value)}
    address = _ADDRESS.match(value)
    if key == "co-authored-by" and address:
        found |= _agents(address[2], address[1], None)
    elif key in _CREDITS:
        found |= _credited_agent(value, address)
    return found


def _credited_agent(value: str, address: re.Match[str] | None) -> set[str]:
    """The agent of `Assisted-by: AGENT:MODEL [TOOL..]`, whose form drifts; people are credited so as well."""
    if address:
        return _agents(address[2], None, None)
    agent = _AGENT_AND_MODEL.match(value)
    named = _assistant_named(agent[1] if agent else value)
    if named:
        return {named}
    return {OTHER} if agent else set()


def _assistant_named(name: str) -> str | None:
    """The assistant of that name, or of the name's first words (`Claude Opus 4.5` is `claude`)."""
    words = name.strip().lower().split()
    for length in range(len(words), 0, -1):
        candidate = " ".join(words[:length])
        for row in _rows("agent_name"):
            if row.value == candidate:
                return row.assistant
    return None


def _is_unquoted(text: str, signature: str) -> bool:
    """Whether a line that is no quotation says it at its start, an emoji or punctuation before it aside."""
    return any(
        re.match(rf"\W*{re.escape(signature)}", line) and not line.lstrip().startswith(">")
        for line in text.splitlines()
    )
