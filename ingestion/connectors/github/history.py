"""The repository's git history: cloned from the forge with its token, or read from where the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ingestion.connector import Page
from ingestion.connectors.github.settings import CloneSource, GitHubSettings, git_token
from ingestion.connectors.github.walk import Walk, account_in
from ingestion.git_history import pages
from ingestion.git_history.places import Place


def history_pages(walk: Walk) -> Iterator[Page]:
    """Pages of commits, parents and tags that are new or changed; moves the state after the last.

    Raises:
        GitError: the history cannot be read.
    """
    repository = pages.Repository(
        walk.repository_id,
        walk.default_branch,
        walk.extraction.hash_email,
        account_of=lambda commit: account_in(commit.author_email),
        log=walk.log,
    )
    is_reread = walk.extraction.since is not None
    yield from pages.history_pages(place(walk).read(), repository, walk.part("git"), is_reread=is_reread)


def place(walk: Walk) -> Place:
    """Where the repository at hand is read from; a clone lies in the workspace, by the repository's id."""
    clone = walk.extraction.workspace.resolve() / walk.settings.name / f"{walk.repository_id}.git"
    return place_of(walk.settings, walk.name, clone)


def place_of(settings: GitHubSettings, repository: str, clone: Path) -> Place:
    """Where a repository (owner/name) is read from, by the settings; only the forge itself sees the token."""
    source = settings.clone
    if not isinstance(source, CloneSource):
        origin = settings.git_origin
        return Place.clone(clone, f"{origin}/{repository}.git", git_token(settings), origin)
    if source.path is not None:
        return Place.local(source.path.replace("{repository}", repository))
    return Place.clone(clone, (source.url or "").replace("{repository}", repository))
