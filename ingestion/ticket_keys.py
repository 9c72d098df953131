"""Keys of tickets, such as `ACME-12`, that the words of a change name; nothing else of the words is kept.

A key in a title or in a commit's subject is meant; in longer text one is mentioned for many reasons, so that
there only a line of its own, a trailer, a closing word or a link to the ticket counts. What looks like a key
and is none (`UTF-8`) is found out where the tickets are known.
"""

from __future__ import annotations

import re

_KEY = r"(?<![\w-])[A-Z][A-Z0-9]+-[1-9][0-9]*(?![\w-])"
_ANYWHERE = re.compile(_KEY)
_REFERENCE_LINE = re.compile(rf"^\s*(?:[A-Za-z][A-Za-z -]{{0,20}}:)?\s*(?:\[?{_KEY}\]?[\s,;]*)+\.?\s*$")
_CLOSING = re.compile(rf"\b(?i:close[sd]?|fix(?:e[sd])?|resolve[sd]?)\b:?\s+({_KEY})")
_LINK = re.compile(r"/browse/([A-Z][A-Z0-9]+-[1-9][0-9]*)")


def keys_named(subject: str, text: str = "") -> list[str]:
    """Keys that a title or subject names, and those that the text below it refers to; sorted, each once."""
    found = set(_ANYWHERE.findall(subject)) | set(_CLOSING.findall(text)) | set(_LINK.findall(text))
    for line in text.splitlines():
        if _REFERENCE_LINE.match(line):
            found.update(_ANYWHERE.findall(line))
    return sorted(found)
