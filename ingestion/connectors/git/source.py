"""The walk over the repositories of a connection: what git tells, and the people in it.

Without a forge an author is an address: an account is its keyed hash, and bears the name that the author gave
in the newest commit read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

from ingestion import markers
from ingestion.connector import Column, Extraction, Finding, Page, Table
from ingestion.connectors.git.settings import GitRepository, place_of
from ingestion.git_history import tables
from ingestion.git_history.command import Git, GitError, RawCommit
from ingestion.git_history.pages import Repository, history_pages, instant
from ingestion.git_history.places import branch_names
from ingestion.identity import EmailHasher

Row = dict[str, Any]

_SHOWN_BRANCHES = 5
_NO_TIME = datetime.fromtimestamp(0, UTC)
"""In place of a time that a commit does not tell: any other commit names its author better."""

REPOSITORIES = Table(
    name="repositories",
    description="One row per repository of the settings.",
    key=("id",),
    columns=(
        Column("id", "text", "The repository's name in the settings.", nullable=False),
        Column("name", "text", "The same.", nullable=False),
        Column("default_branch", "text", "Branch that releases come from."),
    ),
)
ACCOUNTS = Table(
    name="accounts",
    description="One row per address that commits of the connection were written under.",
    key=("id",),
    updated="named_at",
    columns=(
        Column("id", "text", "Keyed hash of the address.", nullable=False),
        Column("name", "text", "Author's name, as the newest commit says it."),
        Column(
            "named_at", "timestamp", "When that commit was written; 1970 if it does not tell.", nullable=False
        ),
        Column("is_assistant", "bool", "Whether address or name is that of a coding assistant."),
    ),
)
TABLES = (REPOSITORIES, ACCOUNTS, *tables.TABLES)


@dataclass
class Authors:
    """Authors met in a walk, each by the newest of the commits."""

    hash_email: EmailHasher
    _rows: dict[str, Row] = field(default_factory=dict)

    def account_of(self, commit: RawCommit) -> str | None:
        """The account of a commit's author; None where the commit has no address."""
        identity = self.hash_email(commit.author_email)
        if identity is None:
            return None
        named_at = instant(commit.authored) or _NO_TIME
        known = self._rows.get(identity)
        if known is None or known["named_at"] < named_at:
            is_assistant = bool(markers.from_author(commit.author_email, commit.author_name))
            name = commit.author_name or None
            self._rows[identity] = {
                "id": identity,
                "name": name,
                "named_at": named_at,
                "is_assistant": is_assistant,
            }
        return identity

    def page(self) -> Page:
        """All of them."""
        return Page(ACCOUNTS.name, list(self._rows.values()))


def extract(extraction: Extraction) -> Iterator[Page]:
    """All pages of a connection; each repository keeps its tips under its name in the state."""
    states: dict[str, Any] = extraction.state.setdefault("repositories", {})
    authors = Authors(extraction.hash_email)
    for repository in extraction.settings.repositories:
        extraction.log(f"{repository.name}: reading")
        git = place_of(extraction, repository).read()
        _require_branch(git, repository)
        yield Page(REPOSITORIES.name, [_row(repository)])
        state = states.setdefault(repository.name, {})
        is_reread = extraction.since is not None
        for page in history_pages(
            git, _described(extraction, repository, authors), state, is_reread=is_reread
        ):
            yield _released(page, repository) if page.table == tables.TAGS.name else page
    yield authors.page()


def check(extraction: Extraction) -> Iterator[Finding]:
    """Whether each repository can be read, without cloning it."""
    for repository in extraction.settings.repositories:
        try:
            count = place_of(extraction, repository).branch_count()
        except GitError as error:
            remedy = "check url or path, and token or ssh key"
            yield Finding("error", f"{repository.name} cannot be read: {error}", remedy)
        else:
            yield Finding("ok", f"{repository.name} can be read, {count:,} branches")


def _described(extraction: Extraction, repository: GitRepository, authors: Authors) -> Repository:
    def log(message: str) -> None:
        extraction.log(f"{repository.name}: {message}")

    return Repository(
        repository.name, repository.default_branch, extraction.hash_email, authors.account_of, log
    )


def _row(repository: GitRepository) -> Row:
    return {
        "id": repository.name,
        "name": repository.name,
        "default_branch": repository.default_branch,
    }


def _released(page: Page, repository: GitRepository) -> Page:
    """The tags that the settings call releases."""
    return page._replace(rows=[row for row in page.rows if fnmatchcase(row["name"], repository.releases)])


def _require_branch(git: Git, repository: GitRepository) -> None:
    """A default branch that is not there would make every commit one beside it.

    Raises:
        GitError: the repository has branches, and not that one.
    """
    found = branch_names(git)
    if found and repository.default_branch not in found:
        raise GitError(
            f"{repository.name} has no branch {repository.default_branch}; "
            f"set default_branch to one of {', '.join(sorted(found)[:_SHOWN_BRANCHES])}"
        )
