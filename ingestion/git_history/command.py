"""The git command line, run so that it can neither ask, nor run hooks, nor leak the token.

The token travels in the environment, as a header for one origin; it is in no command line, no remote URL and
no file. Only plumbing reads, since porcelain obeys the configuration of the repository that it reads.
`pages.py` turns what is printed into rows.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, NamedTuple

from pydantic import SecretStr

from ingestion.redaction import redact

NOTES = "refs/notes/ai"

_CHUNK_BYTES = 1 << 20
_PROTOCOLS = "http:https:ssh:file"
_SHOWN_ERROR_LINES = 3
_REFSPECS = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_REFERENCE = (
    "%(refname)%00%(objecttype)%00%(objectname)%00%(*objecttype)%00%(*objectname)%00%(creatordate:unix)"
)
_COMMIT = "%H%x00%P%x00%at%x00%an%x00%ae%x00%ct%x00%cn%x00%ce%x00%B%x00"
_VERBS = ("clone", "fetch", "ls-remote", "remote", "for-each-ref", "cat-file", "rev-list", "ls-tree")
_CONFIGURATION = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "credential.helper": "",
    "http.followRedirects": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
_UNWANTED = re.compile(r"GIT_(?!SSH|SSL|PROXY|HTTP_PROXY)")


class GitError(Exception):
    """A git command failed; says which, in git's own last words, without secrets."""


class Reference(NamedTuple):
    """A ref: its full name, the kind and name of the object (peeled, of tags), epoch seconds (0: unknown)."""

    name: str
    kind: str
    target: str
    created: int


class RawCommit(NamedTuple):
    """A commit as git tells it; times are epoch seconds."""

    sha: str
    parents: str
    authored: str
    author_name: str
    author_email: str
    committed: str
    committer_name: str
    committer_email: str
    message: str


@dataclass(frozen=True)
class Git:
    """Runs git on one bare or working repository.

    Attributes:
        path: the repository.
        token: sent as a header, only to `origin`.
        origin: scheme and host that may see the token.
    """

    path: Path
    token: SecretStr | None = field(default=None, repr=False)
    origin: str = ""

    def fetch(self, url: str) -> None:
        """Make or refresh a bare clone of commits and tags without files, and the notes of assistants.

        Raises:
            GitError: the address cannot be read.
        """
        if (self.path / "HEAD").exists():
            self._unlock()
            self._remote("remote", "set-url", "origin", url)
            self._remote("fetch", "--quiet", "--prune", "--filter=tree:0", "origin", *_REFSPECS)
        else:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._clone(url)
        # A pattern, unlike the plain name, is no error without notes; and notes are wanted as files.
        self._remote("fetch", "--quiet", "--no-filter", "origin", f"+{NOTES}*:{NOTES}*")

    def remote_branches(self, url: str) -> list[str]:
        """Names of the branches that an address tells, without cloning it.

        Raises:
            GitError: the address cannot be read.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        answer = self._call("-C", str(self.path.parent), "ls-remote", "--heads", "--", url, is_remote=True)
        return [line.partition("refs/heads/")[2] for line in answer.decode(errors="replace").splitlines()]

    def references(self) -> list[Reference]:
        """All refs, with what annotated tags point at."""
        answer = self._local("for-each-ref", f"--format={_REFERENCE}").decode(errors="replace")
        found = []
        for line in answer.splitlines():
            name, kind, target, peeled_kind, peeled, created = line.split("\0")
            found.append(Reference(name, peeled_kind or kind, peeled or target, int(created or 0)))
        return found

    def held(self, shas: Iterable[str]) -> set[str]:
        """Those of the commits that are held; asked for one by one, a treeless clone would fetch them."""
        wanted = set(shas)
        if not wanted:
            return set()
        form = "--batch-check=%(objectname) %(objecttype)"
        objects = (
            line.split()
            for line in self._local("cat-file", "--batch-all-objects", "--unordered", form).splitlines()
        )
        return {name.decode() for name, kind in objects if kind == b"commit"} & wanted

    def reachable(self, include: Iterable[str], exclude: Iterable[str] = ()) -> set[str]:
        """Commits reachable from the first and not from the second."""
        tips = sorted(set(include))
        excluded = [f"^{sha}" for sha in sorted(set(exclude))]
        return (
            set(self._local("rev-list", "--stdin", lines=[*tips, *excluded]).decode().split())
            if tips
            else set()
        )

    def commits(self, shas: Iterable[str]) -> Iterator[RawCommit]:
        """These commits, in the order of their names."""
        wanted = sorted(shas)
        if not wanted:
            return
        fields: list[str] = []
        for text in self._split(
            "rev-list", "--no-walk=unsorted", "--stdin", f"--format={_COMMIT}", lines=wanted
        ):
            fields.append(text)
            if len(fields) == len(RawCommit._fields):
                # rev-list puts a line of its own before what the format gives.
                yield RawCommit(fields[0].rpartition("\n")[2], *fields[1:])
                fields = []

    def notes(self) -> dict[str, str]:
        """Commit → object of its assistants' note."""
        listed = self._local("ls-tree", "-r", "-z", NOTES).decode(errors="replace").split("\0")
        entries = (entry.partition("\t") for entry in listed if entry)
        return {path.replace("/", ""): described.split()[2] for described, _, path in entries}

    def texts(self, blobs: Iterable[str]) -> dict[str, str]:
        """Contents of text objects, those left out that the repository does not hold."""
        answer = self._local("cat-file", "--batch", lines=sorted(set(blobs)))
        texts, position = {}, 0
        while position < len(answer):
            header, _, _ = answer[position:].partition(b"\n")
            name, kind, *size = header.decode().split()
            start = position + len(header) + 1
            end = start if kind == "missing" else start + int(size[0])
            if kind == "blob":
                texts[name] = answer[start:end].decode(errors="replace")
            position = end if kind == "missing" else end + 1
        return texts

    def _unlock(self) -> None:
        """Remove what a killed fetch left locked; whoever fetches is the only one who writes to its clone."""
        for lock in self.path.rglob("*.lock"):
            lock.unlink(missing_ok=True)

    def _clone(self, url: str) -> None:
        """Clone beside and rename, so that a killed clone is not taken for a whole one."""
        partial = self.path.with_name(f"{self.path.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        self._call(
            "-C",
            str(partial.parent),
            "clone",
            "--bare",
            "--quiet",
            "--filter=tree:0",
            "--",
            url,
            str(partial),
            is_remote=True,
        )
        shutil.rmtree(self.path, ignore_errors=True)
        partial.rename(self.path)

    def _remote(self, *arguments: str) -> None:
        """Run a command that talks to the remote."""
        self._call("-C", str(self.path), *arguments, is_remote=True)

    def _local(self, *arguments: str, lines: Iterable[str] = ()) -> bytes:
        """What a command prints that only reads what is here."""
        return self._call("-C", str(self.path), *arguments, lines=lines)

    def _call(self, *arguments: str, lines: Iterable[str] = (), is_remote: bool = False) -> bytes:
        with _input(lines) as stdin:
            done = subprocess.run(  # noqa: S603 - no shell, and addresses cannot be options
                [_executable(), *arguments],
                stdin=stdin,
                capture_output=True,
                check=False,
                env=self._environment(is_remote),
            )
        self._check(done.returncode, arguments, done.stderr)
        return done.stdout

    def _split(self, *arguments: str, lines: Iterable[str]) -> Iterator[str]:
        """What a command prints, piece by piece between NULs, without holding all of it."""
        command = [_executable(), "-C", str(self.path), *arguments]
        with _input(lines) as stdin, TemporaryFile() as stderr:
            with subprocess.Popen(  # noqa: S603 - as above
                command,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=stderr,
                env=self._environment(is_remote=False),
            ) as process:
                assert process.stdout is not None  # noqa: S101 - it is a pipe
                rest = b""
                while chunk := process.stdout.read(_CHUNK_BYTES):
                    *pieces, rest = (rest + chunk).split(b"\0")
                    yield from (piece.decode(errors="replace") for piece in pieces)
            stderr.seek(0)
            self._check(process.returncode, command, stderr.read())

    def _check(self, status: int, arguments: Sequence[str], stderr: bytes) -> None:
        if status == 0:
            return
        verb = next(word for word in arguments if word in _VERBS)
        said = " ".join(stderr.decode(errors="replace").strip().splitlines()[-_SHOWN_ERROR_LINES:])
        secrets = (self.token.get_secret_value(), self._basic()) if self.token else ()
        raise GitError(redact(f"git {verb} failed: {said}", secrets))

    def _basic(self) -> str:
        assert self.token is not None  # noqa: S101 - asked only where there is one
        return base64.b64encode(f"x-access-token:{self.token.get_secret_value()}".encode()).decode()

    def _environment(self, is_remote: bool) -> dict[str, str]:
        """The shell's, less what would redirect or trace git; the token only for talks with the remote."""
        configuration = {**_CONFIGURATION, "safe.directory": "*"}
        if is_remote and self.token and self.origin:
            configuration[f"http.{self.origin}/.extraHeader"] = f"Authorization: Basic {self._basic()}"
        environment = {name: value for name, value in os.environ.items() if not _UNWANTED.match(name)}
        environment.update(
            LC_ALL="C",
            GIT_TERMINAL_PROMPT="0",
            GIT_ASKPASS="",
            GIT_ALLOW_PROTOCOL=_PROTOCOLS if is_remote else "none",
            GIT_CONFIG_COUNT=str(len(configuration)),
            GIT_SSH_COMMAND=os.environ.get("GIT_SSH_COMMAND", "ssh -o BatchMode=yes"),
        )
        for number, (key, value) in enumerate(configuration.items()):
            environment[f"GIT_CONFIG_KEY_{number}"] = key
            environment[f"GIT_CONFIG_VALUE_{number}"] = value
        return environment


@contextmanager
def _input(lines: Iterable[str]) -> Iterator[IO[bytes]]:
    """Standard input as a file: a pipe could fill up while git waits for us to read."""
    with TemporaryFile() as file:
        file.writelines(f"{line}\n".encode() for line in lines)
        file.seek(0)
        yield file


def _executable() -> str:
    found = shutil.which("git")
    if found is None:
        raise GitError("git is not installed; install it, or leave the git history out")
    return found
