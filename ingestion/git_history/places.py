"""Where the history of a repository is read from: a local repository as it is, or a clone kept up to date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from ingestion.git_history.command import Git

BRANCHES = ("refs/heads/", "refs/remotes/origin/")
_SCHEMES = ("http", "https", "ssh", "file")
_SCP_ADDRESS = re.compile(r"^[\w.-]+@[\w.-]+:[^-]")


class GitAddress(BaseModel):
    """Where a git history comes from, as settings say it: any git address, or a folder of this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str | None, Field(description="Any git address: http, https, ssh or file.")] = None
    path: Annotated[str | None, Field(description="An existing local repository, which is only read.")] = None

    @model_validator(mode="after")
    def _is_one_address(self) -> GitAddress:
        if (self.url is None) == (self.path is None):
            raise ValueError("give either url or path")
        if self.url and urlsplit(self.url).scheme not in _SCHEMES and not _SCP_ADDRESS.match(self.url):
            raise ValueError(f"url must begin with one of {', '.join(f'{name}://' for name in _SCHEMES)}")
        if self.url and urlsplit(self.url).password:
            raise ValueError("url must not hold a password; the connection's token is used, or ssh keys")
        return self


@dataclass(frozen=True)
class Place:
    """A repository on disk, and the address that it is a clone of; without one it is somebody's own."""

    git: Git
    url: str | None = None

    @classmethod
    def local(cls, path: str) -> Place:
        """A repository of this machine, which is only read."""
        return cls(Git(Path(path).expanduser()))

    @classmethod
    def clone(cls, path: Path, url: str, token: SecretStr | None = None, origin: str = "") -> Place:
        """A clone at `path`, made when it is first read; only `origin` (scheme and host) sees the token."""
        return cls(Git(path, token, origin), url)

    def read(self) -> Git:
        """The repository, a clone brought up to date before.

        Raises:
            GitError: the address cannot be read.
        """
        if self.url is not None:
            self.git.fetch(self.url)
        return self.git

    def branch_count(self) -> int:
        """Branches of the repository; nothing is cloned.

        Raises:
            GitError: it cannot be read.
        """
        if self.url is None:
            return len(branch_names(self.git))
        return len(self.git.remote_branches(self.url))


def branch_names(git: Git) -> set[str]:
    """Branches that a repository holds, its own and those that it fetched."""
    return {
        one.name.removeprefix(prefix)
        for one in git.references()
        for prefix in BRANCHES
        if one.name.startswith(prefix)
    }
