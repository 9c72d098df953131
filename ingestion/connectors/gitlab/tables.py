"""The tables that the GitLab connector delivers: grain, key and meaning of each column.

Ids are GitLab's numeric ids as text. Accounts, projects and merge requests are named by id only, so that a
renaming changes one row. Prose (titles, descriptions, notes, messages) never becomes a column: what it proves
is kept as markers and kinds of events.
"""

from __future__ import annotations

from ingestion.connector import Column, Table
from ingestion.git_history.tables import TABLES as GIT_TABLES


def _text(name: str, description: str) -> Column:
    return Column(name, "text", description)


def _id(name: str, description: str) -> Column:
    return Column(name, "text", description, nullable=False)


def _bigint(name: str, description: str) -> Column:
    return Column(name, "bigint", description)


def _double(name: str, description: str) -> Column:
    return Column(name, "double", description)


def _bool(name: str, description: str) -> Column:
    return Column(name, "bool", description)


def _timestamp(name: str, description: str, *, nullable: bool = True) -> Column:
    return Column(name, "timestamp", description, nullable)


_REPOSITORY = _id("repository_id", "Project, repositories.id.")
_REQUEST = _id("merge_request_id", "Merge request, merge_requests.id.")
_ISSUE = _id("issue_id", "Issue, issues.id.")
_OCCURRED = _timestamp("occurred_at", "When it happened.", nullable=False)
_ACTOR = _text("actor_id", "Who did it, accounts.id.")
_MARKERS = _text(
    "assistant_markers",
    "Evidence of coding assistants, comma-joined as <evidence>:<assistant>, strongest first, or null.",
)

REPOSITORIES = Table(
    name="repositories",
    description="One row per project that the connection reads.",
    key=("id",),
    columns=(
        _id("id", "GitLab's numeric project id."),
        _id("name", "Path with its groups, as it is today."),
        _text("default_branch", "Name of the default branch; null while the repository is empty."),
        _bool("is_archived", "Whether the project is read-only."),
        _bool("is_pipeline_required", "Whether a merge needs a pipeline that succeeded; null if not told."),
        _timestamp("created_at", "When the project was created."),
    ),
)

ACCOUNTS = Table(
    name="accounts",
    description="One row per user that is a member or acted in a project of the connection.",
    key=("id",),
    columns=(
        _id("id", "GitLab's numeric user id."),
        _id("username", "Username as it is today."),
        _bool("is_bot", "Whether GitLab calls it a bot; null where it does not say."),
        _text("email_hash", "Keyed hash of the public e-mail address; null where none is public."),
    ),
)

MERGE_REQUESTS = Table(
    name="merge_requests",
    description="One row per merge request, as it was when last read.",
    key=("id",),
    updated="updated_at",
    columns=(
        _id("id", "GitLab's numeric merge request id."),
        _REPOSITORY,
        Column("number", "bigint", "Number within the project (iid).", nullable=False),
        _text("title_marker", "Reverts and closing references of title and description; null if none."),
        _id("state", "opened, closed, locked or merged."),
        _bool("is_draft", "Whether it is a draft now."),
        _text("author_id", "Author, accounts.id."),
        _timestamp("created_at", "When it was opened.", nullable=False),
        _timestamp("updated_at", "When GitLab last saw it change.", nullable=False),
        _timestamp("merged_at", "When it was merged."),
        _timestamp("closed_at", "When it was last closed without a merge."),
        _text("merged_by_id", "Who merged it, accounts.id."),
        _text("closed_by_id", "Who closed it, accounts.id."),
        _text("base_branch", "Branch it is to be merged into."),
        _text("head_branch", "Branch it comes from."),
        _text("head_sha", "Newest commit of the source branch."),
        _text("merge_commit_sha", "Merge commit on the target branch; null for a fast-forward."),
        _text("squash_commit_sha", "Commit that squashing made; null without squashing."),
        _bigint("additions", "Lines added; null where a diff is withheld for its size."),
        _bigint("deletions", "Lines deleted; null likewise."),
        _bigint("changed_file_count", "Files changed; null where diffs are not to be had."),
        _text("merge_status", "GitLab's detailed merge status, such as mergeable, conflict or not_approved."),
        _text("reverts_sha", "Commit that it says it reverts."),
        _bigint("reverts_number", "Merge request of the same project that it says it reverts."),
        _MARKERS,
    ),
)

NOTES = Table(
    name="merge_request_notes",
    description="One row per note on a merge request, and for system notes per person it concerns.",
    key=("id",),
    complete_within=("merge_request_id",),
    columns=(
        _id("id", "GitLab's numeric note id; with the place among the persons where it concerns some."),
        _REQUEST,
        _REPOSITORY,
        _id("type", "comment, review_comment, or what a system note says; other if it matters not, unknown."),
        _OCCURRED,
        _ACTOR,
        _text("subject_id", "Who was asked, or whose approval was reset, accounts.id; null if unknown."),
        _text("detail", "Target branches before and after as <old>..<new>, or why a train or merge ended."),
    ),
)

STATE_EVENTS = Table(
    name="merge_request_state_events",
    description="One row per recorded change of state of a merge request; its opening is none.",
    key=("id",),
    complete_within=("merge_request_id",),
    columns=(
        _id("id", "GitLab's numeric event id."),
        _REQUEST,
        _REPOSITORY,
        _id("state", "closed, reopened or merged."),
        _OCCURRED,
        _ACTOR,
    ),
)

VERSIONS = Table(
    name="merge_request_versions",
    description="One row per version of a merge request's diff: its opening, each push, each new target.",
    key=("id",),
    complete_within=("merge_request_id",),
    columns=(
        _id("id", "GitLab's numeric version id."),
        _REQUEST,
        _REPOSITORY,
        _text("head_sha", "Newest commit of the source branch then."),
        _timestamp("created_at", "When GitLab took the push in.", nullable=False),
    ),
)

APPROVALS = Table(
    name="merge_request_approvals",
    description="One row per approval that stood when the merge request was last read.",
    key=("merge_request_id", "user_id"),
    complete_within=("merge_request_id",),
    columns=(
        _REQUEST,
        _REPOSITORY,
        _id("user_id", "Who approved, accounts.id."),
        _timestamp("approved_at", "When; null where the server does not tell."),
    ),
)

MERGE_REQUEST_COMMITS = Table(
    name="merge_request_commits",
    description="One row per commit of a merge request.",
    key=("merge_request_id", "sha"),
    complete_within=("merge_request_id",),
    columns=(
        _REQUEST,
        _REPOSITORY,
        _id("sha", "Commit."),
        _bigint("position", "Place within the merge request, oldest first, from 1."),
        _timestamp("authored_at", "When it was written."),
        _timestamp("committed_at", "When it was committed."),
        _text("author_email_hash", "Keyed hash of the author's e-mail address."),
        _MARKERS,
    ),
)

FILES = Table(
    name="merge_request_files",
    description="One row per path that a merge request changes.",
    key=("merge_request_id", "path"),
    complete_within=("merge_request_id",),
    columns=(
        _REQUEST,
        _REPOSITORY,
        _id("path", "Path after the change."),
        _bigint("additions", "Lines added; null where the diff is withheld for its size."),
        _bigint("deletions", "Lines deleted; null likewise."),
    ),
)

MERGE_REQUEST_ISSUES = Table(
    name="merge_request_issues",
    description="One row per issue that a merge request closes.",
    key=("merge_request_id", "issue_id"),
    complete_within=("merge_request_id",),
    columns=(
        _REQUEST,
        _REPOSITORY,
        _ISSUE,
        _text("issue_project_id", "Project of the issue."),
        _bigint("issue_number", "Number within that project."),
    ),
)

MERGE_TRAIN_CARS = Table(
    name="merge_train_cars",
    description="One row per merge request on a merge train; GitLab forgets those that left it unmerged.",
    key=("id",),
    outlives_source=True,
    columns=(
        _id("id", "GitLab's numeric id of the car."),
        _REPOSITORY,
        _REQUEST,
        _id("status", "idle, fresh, stale, merging, merged or skip_merged."),
        _timestamp("created_at", "When it joined the train.", nullable=False),
        _timestamp("merged_at", "When it was merged."),
        _text("user_id", "Who put it there, accounts.id."),
    ),
)

BRANCH_RULES = Table(
    name="branch_rules",
    description="One row per version of a branch's rules, as the token sees them.",
    key=("id",),
    outlives_source=True,
    columns=(
        _id("id", "<project id>:<branch>:<first seen>."),
        _REPOSITORY,
        _id("branch", "Branch."),
        _timestamp("first_seen_at", "Start of the walk that first saw these rules.", nullable=False),
        _bigint("required_approving_review_count", "Approvals that the strictest rule asks for."),
    ),
)

PIPELINES = Table(
    name="pipelines",
    description="One row per pipeline.",
    key=("id",),
    updated="updated_at",
    outlives_source=True,
    columns=(
        _id("id", "GitLab's numeric pipeline id."),
        _REPOSITORY,
        _text("name", "Name that the configuration gives it; null where it gives none."),
        _text("source", "What started it: push, merge_request_event, schedule, web and the like."),
        _text("ref", "Branch or tag, or refs/merge-requests/<number>/head, /merge or /train."),
        _text("sha", "Commit it ran on."),
        _id("status", "GitLab's status."),
        _timestamp("created_at", "When it was created."),
        _timestamp("updated_at", "When it last changed."),
        _timestamp("started_at", "When its first job started."),
        _timestamp("finished_at", "When its last job ended, of retried ones the last time."),
        _bigint("duration_seconds", "Seconds in which at least one of its jobs was running."),
        _double("coverage", "Test coverage in percent."),
        _text("user_id", "Who started it, accounts.id."),
    ),
)

JOBS = Table(
    name="jobs",
    description="One row per job; a retried one has a row for each try.",
    key=("id",),
    outlives_source=True,
    columns=(
        _id("id", "GitLab's numeric job id."),
        _id("pipeline_id", "Pipeline, pipelines.id."),
        _REPOSITORY,
        _id("name", "Name of the job."),
        _text("stage", "Stage of the pipeline."),
        _text("sha", "Commit it ran on."),
        _text("ref", "As the pipeline's."),
        _id("status", "GitLab's status."),
        _bool("is_failure_allowed", "Whether the pipeline succeeds without it."),
        _timestamp("created_at", "When it was created: with its pipeline, or when it was retried."),
        _timestamp("started_at", "When a runner took it."),
        _timestamp("finished_at", "When it ended."),
        _double("duration_seconds", "Seconds that it ran."),
        _timestamp("queued_at", "When it could run, by the time that it then waited; null before its start."),
        _text("failure_reason", "GitLab's reason of a failure, such as script_failure."),
        _text("tags", "Runner tags asked for, sorted and comma-joined."),
        _text("runner_id", "Runner that took it."),
        _text("user_id", "Who started it, accounts.id."),
    ),
)

ENVIRONMENTS = Table(
    name="environments",
    description="One row per environment of a project.",
    key=("id",),
    columns=(
        _id("id", "GitLab's numeric environment id."),
        _REPOSITORY,
        _id("name", "Name."),
        _text("tier", "production, staging, testing, development or other."),
        _text("state", "available, stopping or stopped."),
    ),
)

DEPLOYMENTS = Table(
    name="deployments",
    description="One row per deployment.",
    key=("id",),
    updated="updated_at",
    columns=(
        _id("id", "GitLab's numeric deployment id."),
        _bigint("number", "Number within the project (iid)."),
        _REPOSITORY,
        _text("environment_id", "Environment, environments.id."),
        _text("environment", "Its name."),
        _text("sha", "Commit deployed."),
        _text("ref", "Branch or tag."),
        _id("status", "created, running, success, failed, canceled, skipped or blocked."),
        _timestamp("created_at", "When it was created.", nullable=False),
        _timestamp("updated_at", "When it last changed."),
        _text("user_id", "Who created it, accounts.id."),
        _text("job_id", "Job that deploys, jobs.id; null for deployments made through the API."),
        _timestamp("job_started_at", "When that job started."),
        _timestamp("job_finished_at", "When that job ended."),
        _bigint("pending_approval_count", "Approvals still needed; null where there is no such thing."),
    ),
)

DEPLOYMENT_APPROVALS = Table(
    name="deployment_approvals",
    description="One row per decision of a person on a deployment.",
    key=("deployment_id", "user_id", "created_at"),
    complete_within=("deployment_id",),
    columns=(
        _id("deployment_id", "Deployment, deployments.id."),
        _REPOSITORY,
        _id("user_id", "Who decided, accounts.id."),
        _id("status", "approved or rejected."),
        _timestamp("created_at", "When.", nullable=False),
    ),
)

RELEASES = Table(
    name="releases",
    description="One row per release.",
    key=("repository_id", "tag_name"),
    complete_within=("repository_id",),
    columns=(
        _REPOSITORY,
        _id("tag_name", "Tag of the release; GitLab gives it no other id."),
        _text("sha", "Commit of the tag."),
        _timestamp("created_at", "When it was created."),
        _timestamp("released_at", "When it is, or was, released."),
        _bool("is_upcoming", "Whether that is still to come."),
    ),
)

ISSUES = Table(
    name="issues",
    description="One row per issue, as it was when last read.",
    key=("id",),
    updated="updated_at",
    columns=(
        _id("id", "GitLab's numeric issue id."),
        _REPOSITORY,
        Column("number", "bigint", "Number within the project (iid).", nullable=False),
        _text("type", "issue, incident, task and the like."),
        _id("state", "opened or closed."),
        _text("status_label_id", "Scoped label that tells its status; null if it bears none."),
        _text("status_label", "That label's name, scope and all, as trackers map it."),
        _text("type_label", "Scoped label that tells its type, without its scope; null if it bears none."),
        _text("author_id", "Author, accounts.id."),
        _text("assignee_id", "First assignee, accounts.id."),
        Column("due_on", "date", "Day on which it is due."),
        _timestamp("created_at", "When it was created.", nullable=False),
        _timestamp("updated_at", "When it last changed.", nullable=False),
        _timestamp("closed_at", "When it was last closed."),
    ),
)

LABEL_EVENTS = Table(
    name="issue_label_events",
    description="One row per label that was put on an issue or taken off.",
    key=("id",),
    complete_within=("issue_id",),
    columns=(
        _id("id", "GitLab's numeric event id."),
        _ISSUE,
        _REPOSITORY,
        _OCCURRED,
        _ACTOR,
        _text("action", "add or remove."),
        _text("label_id", "Label, where it is one that tells the status; else null."),
        _text("label", "That label's name, scope and all, as trackers map it."),
    ),
)

ISSUE_STATE_EVENTS = Table(
    name="issue_state_events",
    description="One row per closing and reopening of an issue.",
    key=("id",),
    complete_within=("issue_id",),
    columns=(
        _id("id", "GitLab's numeric event id."),
        _ISSUE,
        _REPOSITORY,
        _OCCURRED,
        _ACTOR,
        _text("state", "closed or reopened."),
    ),
)

ITERATION_EVENTS = Table(
    name="issue_iteration_events",
    description="One row per iteration that an issue was put into or taken out of.",
    key=("id",),
    complete_within=("issue_id",),
    columns=(
        _id("id", "GitLab's numeric event id."),
        _ISSUE,
        _REPOSITORY,
        _OCCURRED,
        _ACTOR,
        _text("action", "add or remove."),
        _text("iteration_id", "Iteration."),
    ),
)

ASSIGNEE_EVENTS = Table(
    name="issue_assignee_events",
    description="One row per person to whom an issue was assigned or from whom it was taken.",
    key=("id",),
    complete_within=("issue_id",),
    columns=(
        _id("id", "GitLab's numeric note id, and the place among the persons that the note names."),
        _ISSUE,
        _REPOSITORY,
        _OCCURRED,
        _ACTOR,
        _text("action", "add or remove."),
        _text("assignee_id", "Whom it concerns."),
    ),
)

TABLES = (
    REPOSITORIES,
    ACCOUNTS,
    MERGE_REQUESTS,
    NOTES,
    STATE_EVENTS,
    VERSIONS,
    APPROVALS,
    MERGE_REQUEST_COMMITS,
    FILES,
    MERGE_REQUEST_ISSUES,
    MERGE_TRAIN_CARS,
    BRANCH_RULES,
    PIPELINES,
    JOBS,
    ENVIRONMENTS,
    DEPLOYMENTS,
    DEPLOYMENT_APPROVALS,
    RELEASES,
    ISSUES,
    LABEL_EVENTS,
    ISSUE_STATE_EVENTS,
    ITERATION_EVENTS,
    ASSIGNEE_EVENTS,
    *GIT_TABLES,
)
