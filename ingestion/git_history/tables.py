"""The raw tables that `pages.py` fills; a connector that reads git histories declares them as its own."""

from __future__ import annotations

from ingestion.connector import Column, Table

_REPOSITORY = Column("repository_id", "text", "Repository, repositories.id.", nullable=False)

COMMITS = Table(
    name="commits",
    description="One row per commit of the repository's git history.",
    key=("repository_id", "sha"),
    columns=(
        _REPOSITORY,
        Column("sha", "text", "Commit.", nullable=False),
        Column("authored_at", "timestamp", "When it was written; survives a rebase."),
        Column("committed_at", "timestamp", "When it was committed; a rebase rewrites it."),
        Column("author_email_hash", "text", "Keyed hash of the author's e-mail address."),
        Column("author_id", "text", "Author, accounts.id, where the commit tells it; else null."),
        Column("is_on_default_branch", "bool", "Whether the default branch contained it when last read."),
        Column(
            "assistant_markers",
            "text",
            "Evidence of assistants, comma-joined as <evidence>:<assistant>, strongest first, or null.",
        ),
    ),
)

COMMIT_PARENTS = Table(
    name="commit_parents",
    description="One row per parent edge of the git history.",
    key=("repository_id", "child_sha", "parent_sha"),
    columns=(
        _REPOSITORY,
        Column("child_sha", "text", "Commit.", nullable=False),
        Column("parent_sha", "text", "Its parent.", nullable=False),
        Column("position", "bigint", "Place among the parents, from 1; the first is the branch merged into."),
    ),
)

TAGS = Table(
    name="tags",
    description="One row per tag.",
    key=("repository_id", "name"),
    complete_within=("repository_id",),
    columns=(
        _REPOSITORY,
        Column("name", "text", "Name of the tag.", nullable=False),
        Column("sha", "text", "Commit that the tag points at.", nullable=False),
        Column(
            "tagged_at", "timestamp", "When an annotated tag was made, else when its commit was committed."
        ),
    ),
)

TABLES = (COMMITS, COMMIT_PARENTS, TAGS)
