"""GitLab: merge requests, pipelines, deployments, issues, merge trains, releases and the git history.

This is the declaration; `source.py` walks, `tables.py` says what comes out, `settings.py` what goes in.
"""

from __future__ import annotations

from ingestion.connector import Connector
from ingestion.connectors.gitlab.checks import check
from ingestion.connectors.gitlab.settings import EXAMPLE, GitLabSettings, client
from ingestion.connectors.gitlab.source import extract
from ingestion.connectors.gitlab.tables import TABLES

CONNECTOR = Connector(
    name="gitlab",
    title="GitLab",
    settings=GitLabSettings,
    tables=TABLES,
    provides={
        "repositories": {},
        "accounts": {},
        "changes": {},
        "change_events": {
            # From the merge request's own fields, which its state events need not repeat.
            "opened": "exact",
            "merged": "exact",
            "closed": "exact",
            "reopened": "exact",
            # System notes tell them, in known English wordings only.
            "ready_for_review": "exact",
            "converted_to_draft": "exact",
            "review_requested": "exact",
            "review_request_removed": "exact",
            "commented": "exact",
            "reviewed_commented": "exact",
            "reviewed_approved": "exact",
            "reviewed_changes_requested": "exact",
            "review_dismissed": "exact",
            # Versions of the diff. The first one is the opening: its push came at an unknown time before.
            "pushed": "exact",
            # A version does not say whether it replaced what was there.
            "force_pushed": "absent",
            "enqueued": "exact",
            # Leaving a train without a merge is told by notes; the merge itself ends it too.
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
            # A deployment that needs approvals is blocked from its creation on.
            "gate_opened": "derived",
            "gate_approved": "exact",
            "gate_rejected": "exact",
            "queued": "absent",
            # Start and end are those of the job that deploys.
            "started": "exact",
            "succeeded": "exact",
            "failed": "exact",
            "cancelled": "exact",
            "superseded": "absent",
        },
        "releases": {},
        "work_items": {},
        "work_item_events": {
            "created": "exact",
            "status": "exact",
            "sprint": "exact",
            # System notes tell them, in known English wordings only.
            "assignee": "exact",
            "due_at": "absent",
            "parent": "absent",
        },
        "work_item_changes": {},
    },
    # Others have attempts that are told apart by their jobs, or come of several tables.
    grains={
        "repositories": "repositories",
        "accounts": "accounts",
        "changes": "merge_requests",
        "change_commits": "merge_request_commits",
        "change_files": "merge_request_files",
        "commits": "commits",
        "commit_ancestry": "commit_parents",
        "branch_rules": "branch_rules",
        "ci_jobs": "jobs",
        "deployments": "deployments",
        "work_items": "issues",
        "work_item_changes": "merge_request_issues",
    },
    client=client,
    paging=("Link header", "windows by last update"),
    cursor="updated_at of each project's lists; id of its newest job",
    extract=extract,
    check=check,
    identities=lambda settings: settings.projects,
    example=EXAMPLE,
)
