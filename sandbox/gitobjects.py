"""Git's object names, computed without git: blobs, trees that share their unchanged parts, commits.

The simulation names each commit the moment it is made; `sandbox.git` later feeds the same commits to `git
fast-import`, which arrives at the same names.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple


def object_id(kind: str, body: bytes) -> str:
    """Return the SHA-1 name of a git object."""
    return hashlib.sha1(f"{kind} {len(body)}\0".encode() + body, usedforsecurity=False).hexdigest()


def blob_text(path: str, version: int) -> str:
    """Return the content of a simulated source file: enough to differ between versions."""
    return f"{path}\nversion {version}\n"


class Tree:
    """A directory; changing a path makes new trees along it and shares the rest.

    Entries are kept as git writes them, in git's order: as if the names of directories ended in a slash.
    """

    __slots__ = ("_entries", "_trees", "sha")

    def __init__(self, entries: Mapping[str, bytes], trees: Mapping[str, "Tree"]) -> None:
        self._entries = entries
        self._trees = trees
        self.sha = object_id("tree", b"".join(entries.values()))

    def with_file(self, path: str, blob: str) -> "Tree":
        """Return the tree in which `path` holds the blob."""
        name, _, rest = path.partition("/")
        if not rest:
            return Tree(self._with(name, f"100644 {name}\0".encode() + bytes.fromhex(blob)), self._trees)
        below = self._trees.get(name, EMPTY).with_file(rest, blob)
        entries = self._with(f"{name}/", f"40000 {name}\0".encode() + bytes.fromhex(below.sha))
        return Tree(entries, {**self._trees, name: below})

    def _with(self, key: str, entry: bytes) -> dict[str, bytes]:
        is_new = key not in self._entries
        entries = {**self._entries, key: entry}
        return dict(sorted(entries.items())) if is_new else entries

    def with_files(self, files: Iterable[tuple[str, int]]) -> "Tree":
        """Return the tree after writing the given versions of paths."""
        tree = self
        for path, version in files:
            tree = tree.with_file(path, object_id("blob", blob_text(path, version).encode()))
        return tree


EMPTY = Tree({}, {})


class Signature(NamedTuple):
    """Who stands in a commit as its author or committer."""

    name: str
    email: str

    def line(self, at: int) -> str:
        """Return the signature as commits and fast-import write it."""
        return f"{self.name} <{self.email}> {at} +0000"


def commit_id(tree: str, parents: Iterable[str], author: str, committer: str, message: str) -> str:
    """Return the name of a commit from its parts; author and committer are signature lines."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {author}", f"committer {committer}", "", message]
    return object_id("commit", "\n".join(lines).encode())
