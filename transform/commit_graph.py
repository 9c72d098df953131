"""The commit graph of one repository: who contains whom, and what sets two commits apart.

Pure: built from shas and parent edges, knows nothing of deployments, databases or git itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

_NEW, _OLD, _BOTH = 1, 2, 3


class Difference(NamedTuple):
    """What changes when one commit replaces another: commits that come in and commits that go."""

    added: frozenset[str]
    removed: frozenset[str]


class CommitGraph:
    """The commits of one repository with their parents, ready for many comparisons.

    Args:
        commits: Every known sha, parentless ones included.
        edges: Pairs of child sha and parent sha. Shas that only occur here are known as well.
    """

    def __init__(self, commits: Iterable[str], edges: Iterable[tuple[str, str]]) -> None:
        self._parents: dict[str, list[str]] = {sha: [] for sha in commits}
        for child, parent in edges:
            self._parents.setdefault(parent, [])
            self._parents.setdefault(child, []).append(parent)
        self._generations = _generations(self._parents)

    def __contains__(self, sha: object) -> bool:
        """Whether the commit and its parents are known."""
        return sha in self._parents

    def ancestors(self, sha: str) -> frozenset[str]:
        """The commit itself and everything that it contains."""
        seen = {sha}
        stack = [sha]
        while stack:
            for parent in self._parents[stack.pop()]:
                if parent not in seen:
                    seen.add(parent)
                    stack.append(parent)
        return frozenset(seen)

    def compare(self, old: str, new: str) -> Difference:
        """Commits of `new` that `old` does not contain, and the other way round.

        Paints from both tips, youngest generation first, and stops as soon as only common commits are
        left to visit: the cost is that of the difference, not that of the history.
        """
        colours = {old: _OLD}
        colours[new] = colours.get(new, 0) | _NEW
        queue = sorted((-self._generations[sha], sha) for sha in colours)
        one_sided = 0 if old == new else 2
        while one_sided:
            sha = heappop(queue)[1]
            colour = colours[sha]
            one_sided -= colour != _BOTH
            for parent in self._parents[sha]:
                before = colours.get(parent, 0)
                after = before | colour
                if after == before:
                    continue
                colours[parent] = after
                if before:
                    one_sided -= 1
                else:
                    heappush(queue, (-self._generations[parent], parent))
                    one_sided += after != _BOTH
        return Difference(_painted(colours, _NEW), _painted(colours, _OLD))


def _painted(colours: Mapping[str, int], colour: int) -> frozenset[str]:
    return frozenset(sha for sha, painted in colours.items() if painted == colour)


def _generations(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Longest distance to a root, so that a commit is always of a later generation than its ancestors."""
    children: dict[str, list[str]] = {sha: [] for sha in parents}
    missing = {}
    for child, its_parents in parents.items():
        missing[child] = len(its_parents)
        for parent in its_parents:
            children[parent].append(child)
    generations = dict.fromkeys(parents, 0)
    ready = [sha for sha, count in missing.items() if not count]
    while ready:
        sha = ready.pop()
        for child in children[sha]:
            generations[child] = max(generations[child], generations[sha] + 1)
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
    return generations
