"""The tables that the Jira connector delivers: grain, key and meaning of each column.

Ids are Jira's own, as text; keys such as `ACME-12` are names and change when an issue is moved. Summaries,
descriptions and comments are neither asked for nor kept.
"""

from __future__ import annotations

from ingestion.connector import Column, DataType, Table


def _text(name: str, description: str, *, nullable: bool = True) -> Column:
    return Column(name, "text", description, nullable)


def _id(name: str, description: str) -> Column:
    return _text(name, description, nullable=False)


def _of(data_type: DataType, name: str, description: str, *, nullable: bool = True) -> Column:
    return Column(name, data_type, description, nullable)


_ISSUE = _id("issue_id", "Issue, issues.id.")
_PROJECT = _id("project_id", "Project, projects.id.")

PROJECTS = Table(
    name="projects",
    description="One row per project of which an issue was read.",
    key=("id",),
    columns=(
        _id("id", "Jira's numeric project id."),
        _id("key", "Key as it is today."),
        _text("type", "software, service_desk, business or product_discovery."),
    ),
)

ACCOUNTS = Table(
    name="accounts",
    description="One row per account that reported, was assigned or changed an issue.",
    key=("id",),
    columns=(
        _id("id", "Atlassian account id."),
        _text("display_name", "Name as Jira shows it, as it is today."),
        _text("type", "atlassian, app or customer."),
        _text("email_hash", "Keyed hash of the e-mail address; null where the profile hides it."),
    ),
)

STATUSES = Table(
    name="statuses",
    description="One row per status that an issue can have today.",
    key=("id",),
    columns=(
        _id("id", "Jira's numeric status id."),
        _text("name", "Name as it is today."),
        _text("category", "Key of its category: new, indeterminate, done or undefined."),
    ),
)

ISSUE_TYPES = Table(
    name="issue_types",
    description="One row per type of issue.",
    key=("id",),
    columns=(
        _id("id", "Jira's numeric type id."),
        _text("name", "Name, in the language of the token's account."),
        _text("untranslated_name", "Name as it was given."),
        _of("bool", "is_subtask", "Whether its issues are parts of others."),
        _of("bigint", "hierarchy_level", "-1 for subtasks, 0, 1 for epics, more above them."),
    ),
)

ISSUES = Table(
    name="issues",
    description="One row per issue, as it was when last read.",
    key=("id",),
    updated="updated_at",
    columns=(
        _id("id", "Jira's numeric issue id."),
        _id("key", "Key as it is today."),
        _PROJECT,
        _text("issue_type_id", "Type, issue_types.id."),
        _text("status_id", "Status, statuses.id."),
        _text("status_name", "Name of the status."),
        _text("status_category", "Key of the status' category, as the issue shows it."),
        _text("resolution_id", "Resolution; null while unresolved."),
        _text("resolution_name", "Name of the resolution."),
        _text("parent_id", "Issue that this one is a part of, issues.id."),
        _text("creator_id", "Who created it, accounts.id."),
        _text("reporter_id", "Who reported it, accounts.id."),
        _text("assignee_id", "Who is to do it, accounts.id."),
        _of("date", "due_on", "Day on which it is due."),
        _of("timestamp", "created_at", "When it was created.", nullable=False),
        _of("timestamp", "updated_at", "When it last changed.", nullable=False),
        _of("timestamp", "resolved_at", "When it was resolved, last."),
    ),
)

ISSUE_KEYS = Table(
    name="issue_keys",
    description="One row per key that an issue bears or is known to have borne.",
    key=("issue_id", "key"),
    outlives_source=True,
    columns=(_ISSUE, _id("key", "Key.")),
)

ISSUE_CHANGES = Table(
    name="issue_changes",
    description="One row per change of an issue's status, assignee, due date, sprint or parent.",
    key=("id", "field"),
    columns=(
        _id("id", "Jira's numeric id of the change log's entry, which may change several fields."),
        _id("field", "status, assignee, duedate, sprint or parent."),
        _ISSUE,
        _text("from_value", "Value before: an id, for sprints all their ids, for due dates a day."),
        _text("to_value", "Value after, likewise."),
        _text("from_name", "Name of the value before; of status, sprints and parent only."),
        _text("to_name", "Name of the value after, likewise."),
        _of("timestamp", "occurred_at", "When it was changed.", nullable=False),
        _text("actor_id", "Who changed it, accounts.id."),
    ),
)

CHANGE_LINKS = Table(
    name="change_links",
    description="One row per link of an issue to a pull or merge request, known by its address.",
    key=("issue_id", "id"),
    complete_within=("issue_id",),
    columns=(
        _ISSUE,
        _id("id", "Jira's numeric id of the link."),
        _id("repository", "Full name of the repository in the address."),
        _of("bigint", "number", "Number in the address.", nullable=False),
    ),
)

BOARDS = Table(
    name="boards",
    description="One row per board.",
    key=("id",),
    columns=(
        _id("id", "Jira's numeric board id."),
        _text("type", "scrum, kanban or simple."),
        _text("project_id", "Project that the board is in, projects.id."),
    ),
)

SPRINTS = Table(
    name="sprints",
    description="One row per sprint of a board.",
    key=("id",),
    columns=(
        _id("id", "Jira's numeric sprint id."),
        _text("board_id", "Board that it was made on, boards.id."),
        _text("name", "Name."),
        _text("state", "future, active or closed."),
        _of("timestamp", "started_at", "When it was started, or is to start."),
        _of("timestamp", "ends_at", "When it is to end."),
        _of("timestamp", "completed_at", "When it was completed."),
    ),
)

STANDING_ISSUES = Table(
    name="standing_issues",
    description="One row per issue that the last reconciliation found in its project.",
    key=("project_id", "issue_id"),
    complete_within=("project_id",),
    columns=(_PROJECT, _ISSUE),
)

RECONCILIATIONS = Table(
    name="reconciliations",
    description="One row per project of which the ids of all issues were read, when that was last.",
    key=("project_id",),
    columns=(
        _PROJECT,
        _of("timestamp", "reconciled_at", "Start of the walk that did it.", nullable=False),
    ),
)

TABLES = (
    PROJECTS,
    ACCOUNTS,
    STATUSES,
    ISSUE_TYPES,
    ISSUES,
    ISSUE_KEYS,
    ISSUE_CHANGES,
    CHANGE_LINKS,
    BOARDS,
    SPRINTS,
    STANDING_ISSUES,
    RECONCILIATIONS,
)
