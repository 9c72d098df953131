"""The tables that the Copilot connector delivers.

Ids are GitHub's numeric ones as text. What people wrote to the assistant (prompts, names of tasks made of
them, errors) never becomes a column.
"""

from __future__ import annotations

from ingestion.connector import Column, Table


def _id(name: str, description: str) -> Column:
    return Column(name, "text", description, nullable=False)


def _count(name: str, description: str) -> Column:
    return Column(name, "bigint", description)


_DAY = Column("day", "date", "UTC day.", nullable=False)
_USER = _id("user_id", "Person, accounts.id.")
_TASK = _id("task_id", "Agent task, agent_tasks.id.")

ACCOUNTS = Table(
    name="accounts",
    description="One row per GitHub account that used Copilot, holds a seat or began an agent task.",
    key=("id",),
    outlives_source=True,
    columns=(
        _id("id", "GitHub's numeric account id."),
        _id("login", "Login, as last told."),
    ),
)

USER_DAYS = Table(
    name="user_days",
    description="One row per person and UTC day on which they used Copilot.",
    key=("user_id", "day"),
    complete_within=("day",),
    outlives_source=True,
    is_by_day=True,
    columns=(
        _USER,
        _DAY,
        _count(
            "interaction_count",
            "Prompts and other interactions that the person began in an editor or on the web.",
        ),
        _count("cli_prompt_count", "Prompts on the command line, which are not among the interactions."),
        _count("generation_count", "Times that code was suggested or generated."),
        _count("acceptance_count", "Times that such code was accepted."),
        _count("suggested_line_count", "Lines that Copilot suggested to add."),
        _count("added_line_count", "Lines that came into the editor from Copilot."),
        _count("deleted_line_count", "Lines that Copilot deleted in the editor."),
        Column("used_agent", "bool", "Whether agent mode was used."),
        Column("used_chat", "bool", "Whether chat was used."),
        Column("used_cli", "bool", "Whether the command line was used."),
    ),
)

SEATS = Table(
    name="seats",
    description="One row per seat and UTC day on which it was seen; GitHub keeps no history of seats.",
    key=("user_id", "day"),
    outlives_source=True,
    columns=(
        _USER,
        _DAY,
        Column("created_at", "timestamp", "Since when the seat is assigned."),
        Column("last_activity_at", "timestamp", "When Copilot was last used, as far as telemetry tells."),
        Column("last_authenticated_at", "timestamp", "When the person last signed in to Copilot."),
        Column("pending_cancellation_on", "date", "Day on which the seat will end; null if it goes on."),
        Column("plan_type", "text", "business, enterprise or unknown."),
    ),
)

AGENT_TASKS = Table(
    name="agent_tasks",
    description="One row per task that was given to an agent.",
    key=("id",),
    updated="updated_at",
    columns=(
        _id("id", "GitHub's id of the task."),
        _id("repository_id", "GitHub's numeric repository id."),
        Column("creator_id", "text", "Who gave it, accounts.id; null if not told."),
        Column("state", "text", "queued, in_progress, waiting_for_user, idle, completed, failed and so on."),
        Column("created_at", "timestamp", "When it was given.", nullable=False),
        Column("updated_at", "timestamp", "When it last changed."),
    ),
)

AGENT_TASK_SESSIONS = Table(
    name="agent_task_sessions",
    description="One row per session in which an agent worked on a task.",
    key=("id",),
    complete_within=("task_id",),
    columns=(
        _id("id", "GitHub's id of the session."),
        _TASK,
        Column("state", "text", "As of a task."),
        Column("head_branch", "text", "Branch that it worked on."),
        Column("model", "text", "Model that it used."),
        Column("created_at", "timestamp", "When it was begun.", nullable=False),
        Column("completed_at", "timestamp", "When it ended; null while it runs."),
    ),
)

AGENT_TASK_ARTIFACTS = Table(
    name="agent_task_artifacts",
    description="One row per pull request or branch that came of a task.",
    key=("task_id", "type", "reference"),
    complete_within=("task_id",),
    columns=(
        _TASK,
        _id("type", "pull or branch."),
        _id("reference", "Numeric id of the pull request, or name of the branch."),
    ),
)

TABLES = (ACCOUNTS, USER_DAYS, SEATS, AGENT_TASKS, AGENT_TASK_SESSIONS, AGENT_TASK_ARTIFACTS)
