"""The tables that the GitHub connector delivers: grain, key and meaning of each column.

Ids are GitHub's numeric database ids as text, or node ids where it gives none. Timestamps are UTC, whole
seconds. Accounts, repositories and pull requests are named by id only, so that a renaming changes one row.
Prose (titles, bodies, comments, commit messages) never becomes a column: what it proves is kept as markers.
"""

from __future__ import annotations

from ingestion.connector import Column, Table
from ingestion.git_history import tables as git_history


def _text(name: str, description: str, *, nullable: bool = True) -> Column:
    return Column(name=name, data_type="text", description=description, nullable=nullable)


def _id(name: str, description: str) -> Column:
    return _text(name, description, nullable=False)


def _bigint(name: str, description: str, *, nullable: bool = True) -> Column:
    return Column(name=name, data_type="bigint", description=description, nullable=nullable)


def _bool(name: str, description: str) -> Column:
    return Column(name=name, data_type="bool", description=description)


def _timestamp(name: str, description: str, *, nullable: bool = True) -> Column:
    return Column(name=name, data_type="timestamp", description=description, nullable=nullable)


_REPOSITORY = _id("repository_id", "Repository, repositories.id.")
_PULL_REQUEST = _id("pull_request_id", "Pull request, pull_requests.id.")
_MARKERS = _text(
    "assistant_markers",
    "Evidence of coding assistants, comma-joined as <evidence>:<assistant>, strongest first, or null.",
)

REPOSITORIES = Table(
    name="repositories",
    description="One row per repository that the connection reads.",
    key=("id",),
    columns=(
        _id("id", "GitHub's numeric repository id."),
        _text("node_id", "GraphQL node id."),
        _id("name", "Full name, owner/name, as it is today."),
        _text("default_branch", "Name of the default branch."),
        _bool("is_archived", "Whether the repository is read-only."),
        _timestamp("created_at", "When the repository was created."),
    ),
)

ACCOUNTS = Table(
    name="accounts",
    description="One row per account that acted in a repository of the connection.",
    key=("id",),
    columns=(
        _id("id", "GitHub's numeric account id; the node id for enterprise-managed accounts."),
        _id("login", "Login as it is today; apps end in [bot], in REST and GraphQL alike."),
        _text("type", "User, Bot, Organization, Mannequin or EnterpriseUserAccount, as GitHub says it."),
    ),
)

PULL_REQUESTS = Table(
    name="pull_requests",
    description="One row per pull request, as it was when last read.",
    key=("id",),
    updated="updated_at",
    columns=(
        _id("id", "GitHub's numeric pull request id."),
        _text("node_id", "GraphQL node id."),
        _REPOSITORY,
        _bigint("number", "Number within the repository.", nullable=False),
        _text(
            "title_marker",
            "Reverts and closing references of title and body, keys of tickets that these or commits name.",
        ),
        _id("state", "OPEN, CLOSED or MERGED."),
        _bool("is_draft", "Whether it is a draft now."),
        _text("author_id", "Author, accounts.id; null where the account was deleted."),
        _timestamp("created_at", "When it was opened.", nullable=False),
        _timestamp(
            "updated_at", "When GitHub last saw it change; check results do not move it.", nullable=False
        ),
        _timestamp("merged_at", "When it was merged."),
        _timestamp("closed_at", "When it was closed or merged."),
        _text("merged_by_id", "Who merged it, accounts.id."),
        _text("base_branch", "Branch it is to be merged into."),
        _text("head_branch", "Branch it comes from."),
        _text("head_sha", "Newest commit of the head branch."),
        _text("merge_sha", "Commit that the merge made on the base branch."),
        _bigint("additions", "Lines added."),
        _bigint("deletions", "Lines deleted."),
        _bigint("changed_file_count", "Files changed."),
        _text(
            "review_decision",
            "APPROVED, CHANGES_REQUESTED or REVIEW_REQUIRED; null where no rule asks for it.",
        ),
        _text("mergeable", "MERGEABLE or CONFLICTING; null while GitHub does not know, and once closed."),
        _bigint("commit_count", "Commits in the pull request."),
        _text("reverts_sha", "Commit that this pull request says it reverts."),
        _bigint("reverts_number", "Pull request of the same repository that this one says it reverts."),
        _MARKERS,
    ),
)

PULL_REQUEST_TIMELINE = Table(
    name="pull_request_timeline",
    description="One row per event on a pull request: reviews, requests, comments, drafts, queue, refs.",
    key=("id",),
    complete_within=("pull_request_id",),
    columns=(
        _id("id", "GraphQL node id of the event."),
        _PULL_REQUEST,
        _REPOSITORY,
        _id("type", "GraphQL type, for example PullRequestReview or ReviewRequestedEvent."),
        _timestamp("occurred_at", "When it happened; for reviews when they were submitted.", nullable=False),
        _text("actor_id", "Who did it, accounts.id."),
        _text("subject_id", "Account that was asked or removed, or whose review was dismissed, accounts.id."),
        _text("subject_team", "Team that was asked or removed, as organisation/slug."),
        _text("review_state", "APPROVED, CHANGES_REQUESTED, COMMENTED or DISMISSED, as it is today."),
        _text("review_id", "Of a dismissal: the review dismissed, pull_request_timeline.id."),
        _text("sha", "Commit reviewed, merged, or at the head after a force push."),
        _text("before_sha", "Head before a force push."),
        _text(
            "detail", "Reason of leaving the merge queue, verdict before a dismissal, or the base branches."
        ),
    ),
)

PULL_REQUEST_COMMITS = Table(
    name="pull_request_commits",
    description="One row per commit of a pull request.",
    key=("pull_request_id", "sha"),
    complete_within=("pull_request_id",),
    columns=(
        _PULL_REQUEST,
        _REPOSITORY,
        _id("sha", "Commit."),
        _bigint("position", "Place in the pull request, from 1."),
        _timestamp("authored_at", "When it was written; survives a rebase."),
        _timestamp("committed_at", "When it was committed; a rebase rewrites it."),
        _text("author_id", "Author, accounts.id; null where the address belongs to no account."),
        _text("author_email_hash", "Keyed hash of the author's e-mail address."),
        _MARKERS,
    ),
)

PULL_REQUEST_FILES = Table(
    name="pull_request_files",
    description="One row per path that a pull request changes.",
    key=("pull_request_id", "path"),
    complete_within=("pull_request_id",),
    columns=(
        _PULL_REQUEST,
        _REPOSITORY,
        _id("path", "Path within the repository."),
        _bigint("additions", "Lines added."),
        _bigint("deletions", "Lines deleted."),
    ),
)

PULL_REQUEST_CLOSING_ISSUES = Table(
    name="pull_request_closing_issues",
    description="One row per issue that a pull request closes.",
    key=("pull_request_id", "issue_id"),
    complete_within=("pull_request_id",),
    columns=(
        _PULL_REQUEST,
        _REPOSITORY,
        _id("issue_id", "GitHub's numeric issue id."),
        _text("issue_repository", "Full name of the issue's repository."),
        _bigint("issue_number", "Number of the issue."),
    ),
)

BRANCH_RULES = Table(
    name="branch_rules",
    description="One row per version of a branch's rules, as the token's viewer sees them.",
    key=("id",),
    outlives_source=True,
    columns=(
        _id("id", "Repository, branch and time of first sight."),
        _REPOSITORY,
        _id("branch", "Branch the rules hold for."),
        _timestamp("first_seen_at", "Start of the run that first saw them.", nullable=False),
        _bigint("required_approving_review_count", "Approvals needed; null means unknown, not none."),
        _text("required_check_names", "JSON list of required checks, sorted; null means unknown."),
    ),
)

WORKFLOW_RUNS = Table(
    name="workflow_runs",
    description="One row per attempt of an Actions workflow run.",
    key=("id",),
    updated="updated_at",
    outlives_source=True,
    columns=(
        _id("id", "Run and attempt, <run id>:<attempt>."),
        _id("run_id", "GitHub's numeric run id."),
        _bigint("attempt", "Attempt, from 1.", nullable=False),
        _REPOSITORY,
        _text("name", "Name of the workflow."),
        _text("event", "What triggered it."),
        _text("head_branch", "Branch it ran for."),
        _text("head_sha", "Commit it ran on."),
        _timestamp("created_at", "When the run was first created; the same for all attempts."),
        _timestamp("run_started_at", "When this attempt was started."),
        _timestamp("updated_at", "When this attempt last changed; its end once completed."),
        _text("status", "queued, in_progress, waiting, completed and the like."),
        _text("conclusion", "success, failure, cancelled and the like; null until completed."),
        _text("actor_id", "Who triggered it, accounts.id."),
    ),
)

WORKFLOW_JOBS = Table(
    name="workflow_jobs",
    description="One row per job of a run attempt.",
    key=("id",),
    complete_within=("run_id", "run_attempt"),
    outlives_source=True,
    columns=(
        _id("id", "GitHub's numeric job id."),
        _id("run_id", "Run, workflow_runs.run_id."),
        _bigint("run_attempt", "Attempt that lists the job, from 1."),
        _REPOSITORY,
        _text("name", "Name of the job."),
        _text("head_sha", "Commit it ran on."),
        _text("head_branch", "Branch it ran for."),
        _text("status", "queued, in_progress, completed and the like."),
        _text("conclusion", "success, failure, cancelled, skipped and the like; null until completed."),
        _timestamp("created_at", "When the job was put into the queue."),
        _timestamp(
            "started_at",
            "As GitHub says it. Before created_at: the job was not run again and inherits another attempt's "
            "times. It can also be the time of queueing; steps_started_at is the safer start.",
        ),
        _timestamp("completed_at", "When the job ended; inherited like started_at."),
        _timestamp("steps_started_at", "Start of the first step; null where no runner ever took the job."),
        _bigint("setup_seconds", "Seconds from the first step's start to the end of the set-up step."),
        _text("labels", "Runner labels asked for, sorted and comma-joined."),
        _text("runner_id", "Runner that took the job; null or 0 where none did."),
        _text("runner_name", "Name of that runner."),
        _text("runner_group_name", "Group of that runner."),
    ),
)

DEPLOYMENTS = Table(
    name="deployments",
    description="One row per deployment.",
    key=("id",),
    updated="updated_at",
    columns=(
        _id("id", "GitHub's numeric deployment id."),
        _text("node_id", "GraphQL node id."),
        _REPOSITORY,
        _text("sha", "Commit deployed."),
        _text("ref", "Branch, tag or commit that was asked for."),
        _text("task", "Task, for example deploy or deploy:migrations."),
        _text("environment", "Environment, for example production."),
        _bool("is_production", "Whether its creator calls the environment a production one."),
        _bool("is_transient", "Whether its creator says that the environment will vanish."),
        _text("creator_id", "Who created it, accounts.id."),
        _timestamp("created_at", "When it was created.", nullable=False),
        _timestamp("updated_at", "When it last changed."),
    ),
)

DEPLOYMENT_STATUSES = Table(
    name="deployment_statuses",
    description="One row per status of a deployment.",
    key=("id",),
    columns=(
        _id("id", "GraphQL node id of the status."),
        _id("deployment_id", "Deployment, deployments.id."),
        _REPOSITORY,
        _id("state", "GitHub's state in lower case, waiting included; inactive is set automatically."),
        _timestamp("created_at", "When the status was set.", nullable=False),
        _text("creator_id", "Who set it, accounts.id."),
    ),
)

RELEASES = Table(
    name="releases",
    description="One row per release.",
    key=("id",),
    columns=(
        _id("id", "GitHub's numeric release id."),
        _REPOSITORY,
        _text("tag_name", "Tag of the release."),
        _text("sha", "Commit of the tag; null where the tag does not exist."),
        _bool("is_draft", "Whether it is not published yet."),
        _bool("is_prerelease", "Whether it is marked as not ready for production."),
        _timestamp("created_at", "When it was created."),
        _timestamp("published_at", "When it was published."),
    ),
)

PUSHES = Table(
    name="pushes",
    description="One row per recorded activity on a branch: pushes, merges, creations, deletions.",
    key=("id",),
    outlives_source=True,
    columns=(
        _id("id", "GitHub's numeric activity id."),
        _REPOSITORY,
        _text("branch", "Branch it happened on."),
        _text("before_sha", "Head before; zeros where the branch was created."),
        _text("after_sha", "Head after; zeros where the branch was deleted."),
        _timestamp("occurred_at", "When it happened.", nullable=False),
        _text("actor_id", "Who did it, accounts.id."),
        _text(
            "activity_type",
            "push, force_push, branch_creation, branch_deletion, pr_merge or merge_queue_merge.",
        ),
    ),
)

ISSUES = Table(
    name="issues",
    description="One row per issue, as it was when last read.",
    key=("id",),
    updated="updated_at",
    columns=(
        _id("id", "GitHub's numeric issue id."),
        _REPOSITORY,
        _bigint("number", "Number within the repository.", nullable=False),
        _id("state", "OPEN or CLOSED."),
        _text("type_label", "Label that tells what it is, such as bug; null if it bears none."),
        _text("author_id", "Author, accounts.id; null where the account was deleted."),
        _text("assignee_id", "First assignee, accounts.id."),
        _timestamp("created_at", "When it was created.", nullable=False),
        _timestamp("updated_at", "When it last changed.", nullable=False),
        _timestamp("closed_at", "When it was last closed; null while it is open."),
    ),
)

ISSUE_EVENTS = Table(
    name="issue_events",
    description="One row per closing and reopening of an issue.",
    key=("id",),
    complete_within=("issue_id",),
    columns=(
        _id("id", "GraphQL node id of the event."),
        _id("issue_id", "Issue, issues.id."),
        _REPOSITORY,
        _id("type", "ClosedEvent or ReopenedEvent."),
        _timestamp("occurred_at", "When it happened.", nullable=False),
        _text("actor_id", "Who did it, accounts.id."),
        _text("state_reason", "Of a closing: COMPLETED, NOT_PLANNED or DUPLICATE; null if not told."),
    ),
)

TABLES = (
    REPOSITORIES,
    ACCOUNTS,
    PULL_REQUESTS,
    PULL_REQUEST_TIMELINE,
    PULL_REQUEST_COMMITS,
    PULL_REQUEST_FILES,
    PULL_REQUEST_CLOSING_ISSUES,
    BRANCH_RULES,
    WORKFLOW_RUNS,
    WORKFLOW_JOBS,
    DEPLOYMENTS,
    DEPLOYMENT_STATUSES,
    RELEASES,
    PUSHES,
    ISSUES,
    ISSUE_EVENTS,
    *git_history.TABLES,
)
