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
    """A directory; changing a path makes new trees along it and shares the rest."""

    __slots__ = ("children", "sha")

    def __init__(self, children: Mapping[str, "Tree | str"]) -> None:
        self.children = children
        # Git sorts entries as if directories ended in a slash.
        names = sorted(children, key=lambda name: name + "/" if isinstance(children[name], Tree) else name)
        self.sha = object_id("tree", b"".join(self._entry(name) for name in names))

    def _entry(self, name: str) -> bytes:
        child = self.children[name]
        mode, sha = ("40000", child.sha) if isinstance(child, Tree) else ("100644", child)
        return f"{mode} {name}\0".encode() + bytes.fromhex(sha)

    def with_file(self, path: str, blob: str) -> "Tree":
        """Return the tree in which `path` holds the blob."""
        name, _, rest = path.partition("/")
        if not rest:
            return Tree({**self.children, name: blob})
        below = self.children.get(name)
        return Tree(
            {**self.children, name: (below if isinstance(below, Tree) else EMPTY).with_file(rest, blob)}
        )

    def with_files(self, files: Iterable[tuple[str, int]]) -> "Tree":
        """Return the tree after writing the given versions of paths."""
        tree = self
        for path, version in files:
            tree = tree.with_file(path, object_id("blob", blob_text(path, version).encode()))
        return tree


EMPTY = Tree({})


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
