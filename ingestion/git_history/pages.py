"""The git history as rows: commits with their evidence of assistants, parent edges, tags; only what is new.

State keeps the tips of all refs: a later walk reads what they do not reach. The default branch is compared in
both directions, so that merged branches become part of it and what a force push removed no longer is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from ingestion import markers
from ingestion.connector import Page
from ingestion.git_history.command import NOTES, Git, RawCommit, Reference
from ingestion.git_history.places import BRANCHES
from ingestion.git_history.tables import COMMIT_PARENTS, COMMITS, TAGS
from ingestion.identity import EmailHasher

Row = dict[str, Any]

_BATCH = 5_000
_TAGS = "refs/tags/"


def _nobody(_commit: RawCommit) -> str | None:
    """A commit tells no account."""
    return None


def _say_nothing(_message: str) -> None:
    """Default progress callback."""


@dataclass(frozen=True)
class Repository:
    """What a connector knows of a repository, and git does not.

    Attributes:
        id: repositories.id.
        default_branch: name of the branch that deployments come from.
        hash_email: keyed hash of an author's address.
        account_of: accounts.id of a commit's author, None where the commit does not tell.
        log: tells the person who waits, in one line.
    """

    id: str
    default_branch: str
    hash_email: EmailHasher
    account_of: Callable[[RawCommit], str | None] = _nobody
    log: Callable[[str], None] = _say_nothing


def history_pages(
    git: Git, repository: Repository, state: dict[str, Any], *, is_reread: bool = False
) -> Iterator[Page]:
    """Pages of commits, parents and tags that are new or changed; moves the state after the last.

    Args:
        git: the repository, brought up to date.
        repository: whose history it is.
        state: what the last complete walk left of this repository.
        is_reread: read everything, whatever the state says.

    Raises:
        GitError: the history cannot be read.
    """
    references = git.references()
    known = {} if is_reread else dict(state)
    default = _default_tip(references, repository.default_branch)
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
        yield from _commit_pages(repository, git, shas, notes, is_on_default=is_on_default)
    tags = [_tag(repository, one) for one in references if _is_tag(one)]
    yield Page(TAGS.name, tags, [(repository.id,)])
    state.update(default=default, tips=tips, notes=noted)


def _default_tip(references: list[Reference], branch: str) -> str | None:
    """Head of the default branch; a working clone's own branch is older than what it fetched."""
    by_name = {one.name: one.target for one in references}
    return by_name.get(f"refs/remotes/origin/{branch}") or by_name.get(f"refs/heads/{branch}")


def _is_tip(reference: Reference) -> bool:
    return reference.kind == "commit" and reference.name.startswith((*BRANCHES, _TAGS))


def _is_tag(reference: Reference) -> bool:
    return reference.kind == "commit" and reference.name.startswith(_TAGS)


def _commit_pages(
    repository: Repository, git: Git, shas: set[str], notes: dict[str, str], *, is_on_default: bool
) -> Iterator[Page]:
    written = git.texts(notes[sha] for sha in shas & notes.keys())
    commits = git.commits(shas)
    done = 0
    while batch := list(islice(commits, _BATCH)):
        rows = []
        for commit in batch:
            note = written.get(notes.get(commit.sha, ""))
            rows.append({**_commit(repository, commit, note), "is_on_default_branch": is_on_default})
        yield Page(COMMITS.name, rows)
        yield Page(COMMIT_PARENTS.name, [edge for commit in batch for edge in _edges(repository, commit)])
        done += len(batch)
        where = "on" if is_on_default else "beside"
        repository.log(f"{done:,} of {len(shas):,} commits {where} the default branch")


def _commit(repository: Repository, commit: RawCommit, note: str | None) -> Row:
    return {
        "repository_id": repository.id,
        "sha": commit.sha,
        "authored_at": instant(commit.authored),
        "committed_at": instant(commit.committed),
        "author_email_hash": repository.hash_email(commit.author_email),
        "author_id": repository.account_of(commit),
        "assistant_markers": markers.joined(
            markers.from_author(commit.author_email, commit.author_name),
            markers.from_author(commit.committer_email, commit.committer_name),
            markers.from_note(note),
            markers.from_text(commit.message),
        ),
    }


def _edges(repository: Repository, commit: RawCommit) -> Iterable[Row]:
    """Parent edges; a parent named twice counts once."""
    for position, parent in enumerate(dict.fromkeys(commit.parents.split()), start=1):
        yield {
            "repository_id": repository.id,
            "child_sha": commit.sha,
            "parent_sha": parent,
            "position": position,
        }


def _tag(repository: Repository, reference: Reference) -> Row:
    return {
        "repository_id": repository.id,
        "name": reference.name.removeprefix(_TAGS),
        "sha": reference.target,
        "tagged_at": instant(str(reference.created)) if reference.created else None,
    }


def instant(epoch_seconds: str) -> datetime | None:
    """When a commit says that it was; None for what is no instant, as broken tools have written it."""
    try:
        return datetime.fromtimestamp(int(epoch_seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None
