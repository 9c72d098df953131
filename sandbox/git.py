"""A real git repository for each simulated one, filled by `git fast-import` as the clock moves.

Its commits have the names that the APIs tell, since both were made from the same parts. Branches of open
changes, trunk, tags and the notes of assistants are refs; branches that were deleted are gone, as at the
vendor.
"""

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock

from sandbox.clock import Clock
from sandbox.gitobjects import blob_text
from sandbox.history import Commit, History, Repository

NO_SHA = "0" * 40
IMPORT_REF = "refs/sandbox/import"


class Mirrors:
    """The repositories on disk, each made when it is first asked for and then kept up to the clock."""

    def __init__(self, history: History, clock: Clock, folder: Path) -> None:
        self._history = history
        self._clock = clock
        self._folder = folder
        self._mirrors: dict[int, GitMirror] = {}
        self._lock = Lock()

    def path(self, name: str) -> Path | None:
        """Return the repository that bears a full name now, or bore it before; None where there is none."""
        now = self._clock.now
        for repository in self._history.repositories:
            if repository.created_at <= now and name in {
                known for at, known in repository.names if at <= now
            }:
                with self._lock:
                    number = repository.id
                    if number not in self._mirrors:
                        self._mirrors[number] = GitMirror(repository, self._folder / f"{number}.git")
                    self._mirrors[number].advance(now)
                    return self._mirrors[number].path
        return None


class GitMirror:
    """One repository on disk."""

    def __init__(self, repository: Repository, path: Path) -> None:
        self.path = path
        self._repository = repository
        self._commit_count = 0
        self._push_count = 0
        self._release_count = 0
        path.mkdir(parents=True, exist_ok=True)
        self._git("init", "--bare", "--quiet", "--initial-branch=main")
        for key in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant"):
            self._git("config", key, "true")

    def advance(self, now: int) -> None:
        """Bring the repository to the state of an instant not before the last one."""
        moved = self._moved_refs(now)
        if not moved:
            return
        if stream := b"".join(self._new_commits(set(moved.values()))):
            self._git("fast-import", "--quiet", "--force", "--done", stdin=stream + b"done\n")
        deletions = [ref for ref, sha in moved.items() if sha == NO_SHA]
        existing = self._refs()
        lines = [f"update {ref} {sha}" for ref, sha in moved.items() if sha != NO_SHA]
        lines += [f"delete {ref}" for ref in [*deletions, IMPORT_REF] if ref in existing]
        self._git("update-ref", "--stdin", stdin="".join(f"{line}\n" for line in lines).encode())

    def _git(self, *arguments: str, stdin: bytes = b"") -> str:
        done = subprocess.run(  # noqa: S603
            ["git", "-C", str(self.path), *arguments],  # noqa: S607
            input=stdin,
            check=True,
            capture_output=True,
        )
        return done.stdout.decode()

    def _refs(self) -> set[str]:
        return set(self._git("for-each-ref", "--format=%(refname)").split())

    def _moved_refs(self, now: int) -> dict[str, str]:
        """Return the branches and tags that moved since the last call, with where they point."""
        moved: dict[str, str] = {}
        pushes, releases = self._repository.pushes, self._repository.releases
        while self._push_count < len(pushes) and pushes[self._push_count].at <= now:
            moved[pushes[self._push_count].ref] = pushes[self._push_count].after
            self._push_count += 1
        for release in releases[self._release_count :]:
            if release.created_at <= now:
                moved[f"refs/tags/{release.tag}"] = release.sha
                self._release_count += 1
        return moved

    def _new_commits(self, wanted: set[str]) -> Iterator[bytes]:
        """Yield fast-import commands for all commits up to the newest of those wanted, in order of making."""
        commits = self._repository.commits
        last = max(
            (i for i in range(self._commit_count, len(commits)) if commits[i].sha in wanted), default=-1
        )
        marks: dict[str, int] = {}
        for commit in commits[self._commit_count : last + 1]:
            marks[commit.sha] = len(marks) + 1
            yield _commit(commit, marks)
        self._commit_count = max(self._commit_count, last + 1)


def _data(text: str) -> bytes:
    content = text.encode()
    return f"data {len(content)}\n".encode() + content + b"\n"


def _commit(commit: Commit, marks: Mapping[str, int]) -> bytes:
    """Return a commit as fast-import reads it; parents of the same stream go by mark."""

    def named(sha: str) -> str:
        return f":{marks[sha]}" if sha in marks else sha

    signature = commit.author_signature
    lines = [
        f"commit {IMPORT_REF}\nmark :{marks[commit.sha]}\n".encode(),
        f"author {signature.line(commit.authored_at)}\n".encode(),
        f"committer {signature.line(commit.committed_at)}\n".encode(),
        _data(commit.message),
    ]
    for word, parent in zip(("from", "merge"), commit.parents, strict=False):
        lines.append(f"{word} {named(parent)}\n".encode())
    for path, version in commit.files:
        lines.append(f"M 100644 inline {path}\n".encode() + _data(blob_text(path, version)))
    return b"".join([*lines, b"\n"])
