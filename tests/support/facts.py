"""Expected facts about the recordings, and a ledger of which of them the tests compare.

A fact is called by its path in its file, `merge_requests.*.*.state`, where `*` stands for any key or place. A
test says which facts it compares and can read no others; whatever no test says must be named with the reason.
"""

from __future__ import annotations

import json
import re
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

_COMPARED: dict[str, set[str]] = defaultdict(set)


class Facts:
    """The facts that a test compares; called with a path, which must be one of them."""

    def __init__(self, content: Any, paths: tuple[str, ...]) -> None:
        self._content = content
        self.unread = set(paths)
        self._paths = paths

    def __call__(self, path: str) -> Any:
        """What stands at the path: for each `*` a dictionary by key or place."""
        assert path in self._paths, f"{path} is not said to be compared"
        self.unread.discard(path)
        return _at(self._content, path.split("."))


def compares(file: str, *paths: str) -> Callable[[Any], Any]:
    """Let a test read these facts of a file from its fixture `facts`."""

    def marked(test: Any) -> Any:
        _COMPARED[file].update(paths)
        test.compared_facts = (file, paths)
        return test

    return marked


def facts_of(test: Any, folder: Path) -> Iterator[Facts]:
    """The facts that a test compares, for a fixture; fails the test that leaves one of them unread."""
    file, paths = test.compared_facts
    facts = Facts(json.loads((folder / f"{file}.json").read_text(encoding="utf-8")), paths)
    yield facts
    assert not facts.unread, f"said to be compared, but never read: {sorted(facts.unread)}"


def uncompared(folder: Path, file: str, untold: Mapping[str, str]) -> set[str]:
    """Facts of a file that neither a test compares nor `untold` excuses, and excuses that excuse nothing."""
    found = set(_paths(json.loads((folder / f"{file}.json").read_text(encoding="utf-8"))))
    known = _COMPARED[file] | untold.keys()
    missing = {path for path in found if not any(_covers(pattern, path) for pattern in known)}
    needless = {pattern for pattern in known if not any(_covers(pattern, path) for path in found)}
    twice = _COMPARED[file] & untold.keys()
    return missing | needless | twice


def _paths(content: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    if isinstance(content, dict) and content:
        for key, value in content.items():
            yield from _paths(value, (*path, key))
    elif isinstance(content, list) and content and isinstance(content[0], dict):
        for place, value in enumerate(content):
            yield from _paths(value, (*path, str(place)))
    else:
        yield ".".join(path)


def _covers(pattern: str, path: str) -> bool:
    steps = r"\.".join("[^.]+" if step == "*" else re.escape(step) for step in pattern.split("."))
    return re.match(rf"{steps}(\.|$)", path) is not None


def _at(content: Any, steps: list[str]) -> Any:
    if not steps:
        return content
    step, *rest = steps
    if step == "*":
        items = content.items() if isinstance(content, dict) else enumerate(content)
        return {key: _at(value, rest) for key, value in items}
    return _at(content[int(step)] if isinstance(content, list) else content[step], rest)


def instant(text: str | None) -> datetime | None:
    """A recorded stamp as the marts tell it: UTC without a zone."""
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None


def seconds(row: Mapping[str, Any], start: str, end: str) -> float | None:
    """How long it took from one column's instant to another's, None where one is missing."""
    return (row[end] - row[start]).total_seconds() if row[start] and row[end] else None


def measured(values: Iterable[float | None], within: float = 0) -> dict[str, Any]:
    """A distribution as the facts sum it up: means have one decimal, values may be off by `within`."""
    known = [value for value in values if value is not None]
    return {
        "n": len(known),
        "median": pytest.approx(statistics.median(known), abs=within),
        "mean": pytest.approx(statistics.mean(known), abs=within + 0.05),
    }
