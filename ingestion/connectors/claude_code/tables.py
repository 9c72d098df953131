"""The tables that the Claude Code connector delivers.

People are known by a keyed hash of their e-mail address, which is the only name that the API has for them.
"""

from __future__ import annotations

from ingestion.connector import Column, Table


def _id(name: str, description: str) -> Column:
    return Column(name, "text", description, nullable=False)


def _count(name: str, description: str) -> Column:
    return Column(name, "bigint", description)


ACTORS = Table(
    name="actors",
    description="One row per person or API key that used Claude Code.",
    key=("id",),
    outlives_source=True,
    columns=(
        _id("id", "Keyed hash of a person's e-mail address, or api_key: and the name of the key."),
        _id("type", "user_actor or api_actor."),
        Column("email_hash", "text", "Keyed hash of the e-mail address; null for API keys."),
        Column("api_key_name", "text", "Name of the API key; null for people."),
    ),
)

USAGE_DAYS = Table(
    name="usage_days",
    description="One row per actor, UTC day and kind of terminal and customer.",
    key=("day", "actor_id", "terminal_type", "customer_type", "subscription_type"),
    complete_within=("day",),
    outlives_source=True,
    is_by_day=True,
    columns=(
        Column("day", "date", "UTC day.", nullable=False),
        _id("actor_id", "Who used it, actors.id."),
        _id("terminal_type", "Where, such as vscode or tmux; empty if not told."),
        _id("customer_type", "api or subscription; empty if not told."),
        _id("subscription_type", "Kind of subscription; empty if there is none."),
        _count("session_count", "Sessions."),
        _count("added_line_count", "Lines that Claude Code added."),
        _count("removed_line_count", "Lines that Claude Code removed."),
        _count("commit_count", "Commits that Claude Code made."),
        _count("pull_request_count", "Pull requests that Claude Code opened."),
        _count("accepted_edit_count", "Edits proposed by its tools that were accepted."),
        _count("rejected_edit_count", "Edits proposed by its tools that were rejected."),
        Column("cost_usd_cents", "double", "Estimated cost in US cents; null if told in another currency."),
    ),
)

TABLES = (ACTORS, USAGE_DAYS)
