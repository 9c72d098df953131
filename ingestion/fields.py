"""Which fields the objects of a vendor's lists have, so that new ones are noticed.

Connectors take the fields that they know and leave the rest; a field that is new may be what replaces one of
them. Lists are told apart by the last word of the path, and by the key of the list in the answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

_WORD = re.compile(r"[A-Za-z_-]+")

Fields = dict[str, list[str]]
"""Name of a list → fields of its objects, sorted."""


def note(seen: dict[str, set[str]], url: str, payload: Any) -> None:
    """Add the fields of the objects in the lists of an answer, two levels deep."""
    words = [part for part in urlsplit(url).path.split("/") if _WORD.fullmatch(part)]
    for key, items in _lists(payload):
        name = ".".join(part for part in (words[-1] if words else "", key) if part)
        seen.setdefault(name, set()).update(*(item.keys() for item in items if isinstance(item, dict)))


def new_fields(known: Mapping[str, list[str]], seen: Mapping[str, set[str]]) -> Fields:
    """Fields that lists which were seen before did not have then."""
    found = {name: sorted(fields - set(known[name])) for name, fields in seen.items() if name in known}
    return {name: fields for name, fields in found.items() if fields}


def merged(known: Mapping[str, list[str]], seen: Mapping[str, set[str]]) -> Fields:
    """All fields that were ever seen."""
    return {name: sorted({*known.get(name, ()), *seen.get(name, ())}) for name in {*known, *seen}}


def _lists(payload: Any) -> Iterator[tuple[str, list[Any]]]:
    if isinstance(payload, list):
        yield "", payload
    elif isinstance(payload, dict):
        yield from ((key, value) for key, value in payload.items() if isinstance(value, list) and value)
