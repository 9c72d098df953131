"""The commit graph of one repository: who contains whom, and what sets two commits apart.

Pure: built from shas and parent edges, knows nothing of deployments, databases or git itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
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
        return frozenset(self.beyond(sha, frozenset())[0])

    def beyond(self, sha: str, known: Set[str]) -> tuple[set[str], set[str]]:
        """What a commit contains beyond a set that holds all ancestors of its members.

        Returns:
            The commits outside the set, and those members of the set at which the search stopped.
        """
        added: set[str] = set()
        touched: set[str] = set()
        stack = [sha]
        while stack:
            commit = stack.pop()
            if commit in known:
                touched.add(commit)
            elif commit not in added:
                added.add(commit)
                stack.extend(self._parents[commit])
        return added, touched

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


class Comparisons:
    """Comparisons within one graph, remembered, and cheap along a line of ever younger commits.

    Where the new commit contains the youngest one met so far, each commit is visited once over all calls;
    only a step back or aside pays for a comparison of its own. An old branch that is merged late would
    otherwise be searched for through the whole common history, each time.
    """

    def __init__(self, graph: CommitGraph) -> None:
        self._graph = graph
        self._youngest: str | None = None
        self._contained: set[str] = set()
        self._known: dict[tuple[str, str], Difference] = {}

    def compare(self, old: str, new: str) -> Difference:
        """The same as `CommitGraph.compare`."""
        if (old, new) not in self._known:
            self._known[old, new] = self._compare(old, new)
        return self._known[old, new]

    def _compare(self, old: str, new: str) -> Difference:
        if self._youngest is None:
            self._youngest, self._contained = old, set(self._graph.ancestors(old))
        youngest = self._youngest
        added, touched = self._graph.beyond(new, self._contained)
        if youngest in touched:
            self._youngest = new
            self._contained |= added
            if old == youngest:
                return Difference(frozenset(added), frozenset())
        return self._graph.compare(old, new)


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
