"""A repository without a forge, worked on trunk: made by git itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ADA = "Ada Lovelace <ada@acme.example>"
GRACE = "Grace Hopper <grace@acme.example>"
AIDER = "Grace Hopper (aider) <grace@acme.example>"
CLAUDE = "Claude <noreply@anthropic.com>"

NOTE = """src/cart.py
  s_0a1b2c3d4e5f60::t_00112233445566 1-9
  h_0123456789abcd 10-12
---
{"schema_version": "authorship/3.0.0", "base_commit_sha": "0", "humans": {"h_0123456789abcd": {}},
 "sessions": {"s_0a1b2c3d4e5f60": {"agent_id": {"tool": "cursor", "id": "1", "model": "m"}}}}
"""
HUMAN_NOTE = """src/cart.py
  h_0123456789abcd 1-3
---
{"schema_version": "authorship/3.0.0", "humans": {"h_0123456789abcd": {}}, "sessions": {}}
"""


class Trunk:
    """A bare repository; each commit is one hour after the one before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.hours = 0
        self.git("init", "--bare", "--quiet", "--initial-branch=main", str(path), at=path.parent)
        self.git("config", "uploadpack.allowFilter", "true")

    def git(self, *arguments: str, at: Path | None = None, **environment: str) -> str:
        mine = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        done = subprocess.run(
            ["git", "-C", str(at or self.path), *arguments],
            check=True,
            capture_output=True,
            text=True,
            env={
                **mine,
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_CONFIG_GLOBAL": os.devnull,
                "GIT_COMMITTER_NAME": "x",
                "GIT_COMMITTER_EMAIL": "x@acme.example",
                **environment,
            },
        )
        return done.stdout.strip()

    def commit(self, message: str, author: str = ADA, branch: str = "main") -> str:
        """A commit on top of the branch."""
        self.hours += 1
        name, _, email = author.removesuffix(">").partition(" <")
        at = f"2026-09-01T{self.hours:02}:00:00Z"
        tip = self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        sha = self.git(
            "commit-tree",
            "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
            *(["-p", tip] if tip else []),
            "-m",
            message,
            GIT_AUTHOR_NAME=name,
            GIT_AUTHOR_EMAIL=email,
            GIT_AUTHOR_DATE=at,
            GIT_COMMITTER_DATE=at,
        )
        self.git("update-ref", f"refs/heads/{branch}", sha)
        return sha


def worked_on(path: Path) -> Trunk:
    """Three commits, two tags, and notes of git-ai on two of the commits."""
    made = Trunk(path)
    made.git("hash-object", "-t", "tree", "-w", os.devnull)
    first = made.commit("Begin\n\nCo-authored-by: aider (some/model) <aider@aider.chat>")
    second = made.commit("Ask Claude Code or Copilot?", GRACE)
    made.commit("By an agent", CLAUDE)
    made.git("tag", "v1.0.0", first)
    made.git("tag", "nightly", second)
    for sha, note in ((second, NOTE), (first, HUMAN_NOTE)):
        made.git("notes", "--ref=ai", "add", "-m", note, sha, GIT_AUTHOR_NAME="x", GIT_AUTHOR_EMAIL="x@y")
    return made
