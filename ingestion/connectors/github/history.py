"""The git history as rows: commits with their evidence of assistants, parent edges, tags; only what is new.

State keeps the tips of all refs: a later walk reads what they do not reach. The default branch is compared in
both directions, so that merged branches become part of it and what a force push removed no longer is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from ingestion import markers
from ingestion.connector import Page
from ingestion.connectors.github.git import NOTES, Git, RawCommit, Reference
from ingestion.connectors.github.settings import CloneSource, clone_path, clone_url, git_token
from ingestion.connectors.github.walk import Walk, account_in

Payload = dict[str, Any]

_BATCH = 5_000
_BRANCHES = ("refs/heads/", "refs/remotes/origin/")
_TAGS = "refs/tags/"


def history_pages(walk: Walk) -> Iterator[Page]:
    """Pages of commits, parents and tags that are new or changed; moves the state after the last.

    Raises:
        GitError: the history cannot be read.
    """
    git = _opened(walk)
    references = git.references()
    state = walk.part("git")
    known = {} if walk.extraction.since else dict(state)
    default = _default_tip(references, walk.default_branch)
    tips = sorted({one.target for one in references if _is_tip(one)})
    noted = next((one.target for one in references if one.name == NOTES), None)
    notes = git.notes() if noted else {}

    held = git.held([*known.get("tips", []), *filter(None, [known.get("default")])])
    before = known["default"] if known.get("default") in held else None
    joined = git.reachable([default] if default else [], [before] if before else [])
    left = git.reachable([before] if before else [], [default] if default else [])
    others = git.reachable(tips, held & set(known.get("tips", []))) - joined
    if noted != known.get("notes"):
        on_default = git.reachable([default] if default else [])
        joined |= notes.keys() & on_default
        others |= git.held(notes.keys() - on_default)

    for shas, is_on_default in ((joined, True), (others | left, False)):
        yield from _commit_pages(walk, git, shas, notes, is_on_default=is_on_default)
    yield Page("tags", [_tag(walk, one) for one in references if _is_tag(one)], [(walk.repository_id,)])
    state.update(default=default, tips=tips, notes=noted)


def _opened(walk: Walk) -> Git:
    """The local repository that the settings name, or the clone in the workspace, brought up to date."""
    local = clone_path(walk.settings, walk.name)
    if local is not None:
        return Git(local)
    git = _clone(walk)
    git.fetch(clone_url(walk.settings, walk.name))
    return git


def branch_count(walk: Walk) -> int:
    """Branches of the repository that the history would be read from; nothing is cloned.

    Raises:
        GitError: it cannot be read.
    """
    local = clone_path(walk.settings, walk.name)
    if local is not None:
        return sum(one.name.startswith(_BRANCHES) for one in Git(local).references())
    return len(_clone(walk).remote_branches(clone_url(walk.settings, walk.name)))


def _clone(walk: Walk) -> Git:
    """The clone in the workspace, by the repository's id; only the forge itself sees the token."""
    path = walk.extraction.workspace.resolve() / walk.settings.name / f"{walk.repository_id}.git"
    if isinstance(walk.settings.clone, CloneSource):
        return Git(path)
    return Git(path, git_token(walk.settings), walk.settings.git_origin)


def _default_tip(references: list[Reference], branch: str) -> str | None:
    """Head of the default branch; a working clone's own branch is older than what it fetched."""
    by_name = {one.name: one.target for one in references}
    return by_name.get(f"refs/remotes/origin/{branch}") or by_name.get(f"refs/heads/{branch}")


def _is_tip(reference: Reference) -> bool:
    return reference.kind == "commit" and reference.name.startswith((*_BRANCHES, _TAGS))


def _is_tag(reference: Reference) -> bool:
    return reference.kind == "commit" and reference.name.startswith(_TAGS)


def _commit_pages(
    walk: Walk, git: Git, shas: set[str], notes: dict[str, str], *, is_on_default: bool
) -> Iterator[Page]:
    written = git.texts(notes[sha] for sha in shas & notes.keys())
    commits = git.commits(shas)
    done = 0
    while batch := list(islice(commits, _BATCH)):
        rows = []
        for commit in batch:
            note = written.get(notes.get(commit.sha, ""))
            rows.append({**_commit(walk, commit, note), "is_on_default_branch": is_on_default})
        yield Page("commits", rows)
        yield Page("commit_parents", [edge for commit in batch for edge in _edges(walk, commit)])
        done += len(batch)
        walk.log(
            f"{done:,} of {len(shas):,} commits {'on' if is_on_default else 'beside'} the default branch"
        )


def _commit(walk: Walk, commit: RawCommit, note: str | None) -> Payload:
    return {
        "repository_id": walk.repository_id,
        "sha": commit.sha,
        "authored_at": _at(commit.authored),
        "committed_at": _at(commit.committed),
        "author_email_hash": walk.extraction.hash_email(commit.author_email),
        "author_id": account_in(commit.author_email),
        "assistant_markers": markers.joined(
            markers.from_author(commit.author_email, commit.author_name),
            markers.from_author(commit.committer_email, commit.committer_name),
            markers.from_note(note),
            markers.from_text(commit.message),
        ),
    }


def _edges(walk: Walk, commit: RawCommit) -> Iterable[Payload]:
    """Parent edges; a parent named twice counts once."""
    for position, parent in enumerate(dict.fromkeys(commit.parents.split()), start=1):
        yield {
            "repository_id": walk.repository_id,
            "child_sha": commit.sha,
            "parent_sha": parent,
            "position": position,
        }


def _tag(walk: Walk, reference: Reference) -> Payload:
    return {
        "repository_id": walk.repository_id,
        "name": reference.name.removeprefix(_TAGS),
        "sha": reference.target,
        "tagged_at": _at(str(reference.created)) if reference.created else None,
    }


def _at(epoch_seconds: str) -> datetime:
    return datetime.fromtimestamp(int(epoch_seconds), UTC)
