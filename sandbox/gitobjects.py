"""Git's object names, computed without git: blobs, trees that share their unchanged parts, commits.

The simulation names each commit the moment it is made; `sandbox.git` later feeds the same commits to `git
fast-import`, which arrives at the same names.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import NamedTuple

ID_SIZE = 20


def object_id(kind: bytes, body: bytes) -> bytes:
    """Return the SHA-1 name of a git object."""
    return hashlib.sha1(b"%b %d\0%b" % (kind, len(body), body), usedforsecurity=False).digest()


def blob_text(path: str, version: int) -> str:
    """Return the content of a simulated source file: enough to differ between versions."""
    return f"{path}\nversion {version}\n"


class Tree:
    """A directory; writing a path makes new trees along it and shares the rest.

    The body is what git writes, in git's order: as if the names of directories ended in a slash. Where an
    entry's id stands in it is the same for all versions of a directory, until a new entry comes in.
    """

    __slots__ = ("_body", "_places", "_trees", "id")

    def __init__(self, body: bytes, places: Mapping[str, int], trees: Mapping[str, "Tree"]) -> None:
        self._body = body
        self._places = places
        self._trees = trees
        self.id = object_id(b"tree", body)

    def with_files(self, files: Iterable[tuple[str, int]]) -> "Tree":
        """Return the tree after writing the given versions of paths."""
        tree = self
        for path, version in files:
            tree = tree._with_file(path, object_id(b"blob", blob_text(path, version).encode()))
        return tree

    def _with_file(self, path: str, blob: bytes) -> "Tree":
        name, _, rest = path.partition("/")
        if not rest:
            return self._with_entry(name, blob, self._trees)
        below = self._trees.get(name, EMPTY)._with_file(rest, blob)
        return self._with_entry(f"{name}/", below.id, {**self._trees, name: below})

    def _with_entry(self, entry: str, named: bytes, trees: Mapping[str, "Tree"]) -> "Tree":
        """Return the tree in which an entry, a directory if it ends in a slash, is the object of that id."""
        if entry not in self._places:
            return self._enlarged(entry)._with_entry(entry, named, trees)
        start = self._places[entry]
        body = self._body[:start] + named + self._body[start + ID_SIZE :]
        return Tree(body, self._places, trees)

    def _enlarged(self, entry: str) -> "Tree":
        """Return the tree with room for one more entry."""
        body, places = b"", {}
        for known in sorted({*self._places, entry}):
            mode = "40000" if known.endswith("/") else "100644"
            body += f"{mode} {known.removesuffix('/')}\0".encode()
            before = self._places.get(known)
            places[known] = len(body)
            body += bytes(ID_SIZE) if before is None else self._body[before : before + ID_SIZE]
        return Tree(body, places, self._trees)


EMPTY = Tree(b"", {}, {})


class Signature(NamedTuple):
    """Who stands in a commit as its author or committer."""

    name: str
    email: str

    def line(self, at: int) -> str:
        """Return the signature as commits and fast-import write it."""
        return f"{self.name} <{self.email}> {at} +0000"


def commit_id(tree: Tree, parents: Iterable[str], author: str, committer: str, message: str) -> str:
    """Return the name of a commit from its parts; author and committer are signature lines."""
    lines = [f"tree {tree.id.hex()}", *(f"parent {parent}" for parent in parents)]
    lines += [f"author {author}", f"committer {committer}", "", message]
    return object_id(b"commit", "\n".join(lines).encode()).hex()
