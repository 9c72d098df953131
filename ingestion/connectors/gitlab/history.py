"""The project's git history: cloned from the forge with its token, or read from where the settings say."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.connector import Page
from ingestion.connectors.gitlab.walk import Walk
from ingestion.git_history import pages
from ingestion.git_history.places import GitAddress, Place


def history_pages(walk: Walk) -> Iterator[Page]:
    """Pages of commits, parents and tags that are new or changed; moves the state after the last.

    Raises:
        GitError: the history cannot be read.
    """
    repository = pages.Repository(
        walk.id, walk.project["default_branch"], walk.extraction.hash_email, log=walk.log
    )
    is_reread = walk.extraction.since is not None
    yield from pages.history_pages(place(walk).read(), repository, walk.part("git"), is_reread=is_reread)


def place(walk: Walk) -> Place:
    """Where the project at hand is read from; a clone lies in the workspace, by the project's id."""
    settings = walk.settings
    clone = walk.extraction.workspace.resolve() / settings.name / f"{walk.id}.git"
    source = settings.clone
    if not isinstance(source, GitAddress):
        origin = settings.git_origin
        return Place.clone(clone, f"{origin}/{walk.name}.git", settings.token, origin)
    if source.path is not None:
        return Place.local(source.path.replace("{repository}", walk.name))
    return Place.clone(clone, (source.url or "").replace("{repository}", walk.name))
