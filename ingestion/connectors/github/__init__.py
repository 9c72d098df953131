"""GitHub: pull requests, Actions, deployments, releases, activity, issues and the git history.

This is the declaration; `source.py` walks, `tables.py` says what comes out, `settings.py` what goes in.
"""

from __future__ import annotations

from ingestion.connector import Connector
from ingestion.connectors.github.checks import check
from ingestion.connectors.github.settings import GitHubSettings, client
from ingestion.connectors.github.source import extract
from ingestion.connectors.github.tables import TABLES

CONNECTOR = Connector(
    name="github",
    title="GitHub",
    settings=GitHubSettings,
    tables=TABLES,
    provides={
        "repositories": {},
        "accounts": {},
        "changes": {},
        "change_events": {
            # From the pull request's own fields, which its timeline need not repeat.
            "opened": "exact",
            "merged": "exact",
            "closed": "exact",
            "reopened": "exact",
            "ready_for_review": "exact",
            "converted_to_draft": "exact",
            "review_requested": "exact",
            "review_request_removed": "exact",
            "commented": "exact",
            "reviewed_commented": "exact",
            "reviewed_approved": "exact",
            "reviewed_changes_requested": "exact",
            "review_dismissed": "exact",
            # Activity tells it where it may be read; else it follows from force pushes, runs and commits.
            "pushed": "derived",
            "force_pushed": "exact",
            "enqueued": "exact",
            "dequeued": "exact",
            "auto_merge_enabled": "exact",
            "auto_merge_disabled": "exact",
            "base_changed": "exact",
            "conflict_found": "absent",
            "conflict_resolved": "absent",
        },
        "change_commits": {},
        "change_files": {},
        "commits": {},
        "commit_ancestry": {},
        "branch_rules": {},
        "ci_runs": {},
        "ci_jobs": {},
        "deployments": {},
        "deployment_events": {
            "created": "exact",
            "queued": "exact",
            "started": "exact",
            "succeeded": "exact",
            "failed": "exact",
            # Status `waiting` opens a gate and the next status decides it; who decided is not told.
            "gate_opened": "derived",
            "gate_approved": "derived",
            "gate_rejected": "derived",
            "superseded": "derived",
            # A gate that was decided against its deployment cancels it.
            "cancelled": "derived",
        },
        "releases": {},
        "work_items": {},
        "work_item_events": {
            "created": "exact",
            "status": "exact",
            "assignee": "absent",
            "due_at": "absent",
            "sprint": "absent",
            "parent": "absent",
        },
        "work_item_changes": {},
    },
    # Others are filtered (jobs that a re-run only lists again) or come of several tables (releases and tags).
    grains={
        "repositories": "repositories",
        "changes": "pull_requests",
        "change_commits": "pull_request_commits",
        "change_files": "pull_request_files",
        "commits": "commits",
        "commit_ancestry": "commit_parents",
        "branch_rules": "branch_rules",
        "ci_runs": "workflow_runs",
        "deployments": "deployments",
        "work_items": "issues",
        "work_item_changes": "pull_request_closing_issues",
    },
    client=client,
    extract=extract,
    check=check,
    paging=("Link header", "GraphQL cursors"),
    cursor="each repository's newest pull request, run, deployment, push and issue, less an hour",
    identities=lambda settings: settings.repositories,
)
