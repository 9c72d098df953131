"""REST objects made from the history, with the fields that GitHub's OpenAPI description requires."""

import hashlib
from typing import Any

from sandbox.calendar import isoformat
from sandbox.github.nodes import WEB, node_id
from sandbox.github.view import ChangeState, RepositoryView, job_state, run_state
from sandbox.history import (
    Account,
    Attempt,
    Commit,
    Deployment,
    DeploymentStatus,
    Event,
    Job,
    Push,
    Release,
    Run,
)

Payload = dict[str, Any]
USER_LINKS = (
    "followers",
    "following",
    "gists",
    "starred",
    "subscriptions",
    "organizations",
    "repos",
    "events",
    "received_events",
)
REPOSITORY_LINKS = {
    "archive": "{archive_format}{/ref}",
    "assignees": "{/user}",
    "blobs": "{/sha}",
    "branches": "{/branch}",
    "collaborators": "{/collaborator}",
    "comments": "{/number}",
    "commits": "{/sha}",
    "compare": "{base}...{head}",
    "contents": "{+path}",
    "contributors": "",
    "deployments": "",
    "downloads": "",
    "events": "",
    "forks": "",
    "git_commits": "{/sha}",
    "git_refs": "{/sha}",
    "git_tags": "{/sha}",
    "hooks": "",
    "issue_comment": "{/number}",
    "issue_events": "{/number}",
    "issues": "{/number}",
    "keys": "{/key_id}",
    "labels": "{/name}",
    "languages": "",
    "merges": "",
    "milestones": "{/number}",
    "notifications": "{?since,all,participating}",
    "pulls": "{/number}",
    "releases": "{/id}",
    "stargazers": "",
    "statuses": "{sha}",
    "subscribers": "",
    "subscription": "",
    "tags": "",
    "teams": "",
    "trees": "{/sha}",
}
RUNNER_GROUP = (1, "Default")


def user(account: Account, api: str) -> Payload:
    """A simple user. REST shows apps with their suffix, the coding agent by its display name."""
    slug = account.login.removesuffix("[bot]")
    login = "Copilot" if slug.startswith("copilot") else account.login
    url = f"{api}/users/{login}"
    return {
        "login": login,
        "id": account.id,
        "node_id": node_id("Bot" if account.is_bot_type else "User", account.id),
        "avatar_url": f"{WEB}/avatars/{account.id}",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/apps/{slug}" if account.is_bot_type else f"{WEB}/{login}",
        **{f"{name}_url": f"{url}/{name}" for name in USER_LINKS},
        "type": "Bot" if account.is_bot_type else "User",
        "site_admin": False,
        "user_view_type": "public",
    }


def organization(login: str, api: str) -> Payload:
    """The owner of the repositories, as a simple user."""
    url = f"{api}/users/{login}"
    return {
        "login": login,
        "id": 1,
        "node_id": node_id("Organization", 1),
        "avatar_url": f"{WEB}/avatars/1",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{login}",
        **{f"{name}_url": f"{url}/{name}" for name in USER_LINKS},
        "type": "Organization",
        "site_admin": False,
        "user_view_type": "public",
    }


def full_organization(login: str, repository_count: int, api: str) -> Payload:
    """The organisation by itself."""
    url = f"{api}/orgs/{login}"
    links = ("repos", "events", "hooks", "issues")
    return {
        "login": login,
        "id": 1,
        "node_id": node_id("Organization", 1),
        "url": url,
        **{f"{name}_url": f"{url}/{name}" for name in links},
        "members_url": f"{url}/members{{/member}}",
        "public_members_url": f"{url}/public_members{{/member}}",
        "avatar_url": f"{WEB}/avatars/1",
        "html_url": f"{WEB}/{login}",
        "description": None,
        "has_organization_projects": False,
        "has_repository_projects": False,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "total_private_repos": repository_count,
        "created_at": "2020-01-01T00:00:00Z",
        "updated_at": "2020-01-01T00:00:00Z",
        "archived_at": None,
        "type": "Organization",
    }


def minimal_repository(view: RepositoryView, api: str) -> Payload:
    """A repository as it is nested in other objects."""
    owner, _, name = view.name.partition("/")
    url = f"{api}/repos/{view.name}"
    return {
        "id": view.repository.id,
        "node_id": node_id("Repository", view.repository.id),
        "name": name,
        "full_name": view.name,
        "private": True,
        "owner": organization(owner, api),
        "html_url": f"{WEB}/{view.name}",
        "description": None,
        "fork": False,
        "url": url,
        **{f"{key}_url": f"{url}/{key}{tail}" for key, tail in REPOSITORY_LINKS.items()},
    }


def repository(view: RepositoryView, api: str) -> Payload:
    """A whole repository."""
    open_count = sum(state.state == "OPEN" for state in view.changes)
    pushed_at = isoformat(view.pushes[0].at)
    web = f"{WEB}/{view.name}"
    return {
        **minimal_repository(view, api),
        "git_url": f"git://github.example/{view.name}.git",
        "ssh_url": f"git@github.example:{view.name}.git",
        "clone_url": f"{api}/{view.name}.git",
        "svn_url": web,
        "mirror_url": None,
        "homepage": None,
        "language": "Python",
        "forks_count": 0,
        "stargazers_count": 0,
        "watchers_count": 0,
        "size": 1000,
        "default_branch": "main",
        "open_issues_count": open_count,
        "is_template": False,
        "topics": [],
        "has_issues": True,
        "has_projects": True,
        "has_wiki": False,
        "has_pages": False,
        "has_downloads": False,
        "has_discussions": False,
        "archived": False,
        "disabled": False,
        "visibility": "private",
        "pushed_at": pushed_at,
        "created_at": isoformat(view.repository.created_at),
        "updated_at": pushed_at,
        "permissions": {"admin": False, "maintain": False, "push": False, "triage": False, "pull": True},
        "allow_forking": False,
        "web_commit_signoff_required": False,
        "forks": 0,
        "open_issues": open_count,
        "watchers": 0,
        "license": None,
        "network_count": 0,
        "subscribers_count": 0,
    }


def short_pull(state: ChangeState, view: RepositoryView, api: str) -> Payload:
    """A pull request as lists show it."""
    change, head = state.change, state.head
    url, web = f"{api}/repos/{view.name}/pulls/{change.number}", f"{WEB}/{view.name}/pull/{change.number}"
    issue = f"{api}/repos/{view.name}/issues/{change.number}"
    author = user(change.author, api)
    merge_sha = change.merge_sha if state.is_merged else None

    def side(label: str, ref: str, sha: str) -> Payload:
        return {"label": label, "ref": ref, "sha": sha, "user": author, "repo": repository(view, api)}

    hrefs = {
        "self": url,
        "html": web,
        "issue": issue,
        "comments": f"{issue}/comments",
        "review_comments": f"{url}/comments",
        "review_comment": f"{api}/repos/{view.name}/pulls/comments{{/number}}",
        "commits": f"{url}/commits",
        "statuses": f"{api}/repos/{view.name}/statuses/{head.sha}",
    }
    owner = view.name.partition("/")[0]
    return {
        "url": url,
        "id": change.id,
        "node_id": node_id("PullRequest", change.id),
        "html_url": web,
        "diff_url": f"{web}.diff",
        "patch_url": f"{web}.patch",
        "issue_url": issue,
        "commits_url": hrefs["commits"],
        "review_comments_url": hrefs["review_comments"],
        "review_comment_url": hrefs["review_comment"],
        "comments_url": hrefs["comments"],
        "statuses_url": hrefs["statuses"],
        "number": change.number,
        "state": "open" if state.state == "OPEN" else "closed",
        "locked": False,
        "title": change.title,
        "user": author,
        "body": change.body or None,
        "labels": [],
        "milestone": None,
        "active_lock_reason": None,
        "created_at": isoformat(change.created_at),
        "updated_at": isoformat(state.updated_at),
        "closed_at": isoformat(state.closed_at) if state.closed_at else None,
        "merged_at": isoformat(change.merged_at) if state.is_merged and change.merged_at else None,
        "merge_commit_sha": merge_sha,
        "assignee": None,
        "assignees": [],
        "requested_reviewers": [user(item, api) for item in state.requested if isinstance(item, Account)],
        "requested_teams": [],
        "head": side(f"{owner}:{change.head_branch}", change.head_branch, head.sha),
        "base": side(f"{owner}:main", "main", change.base_sha),
        "_links": {name: {"href": href} for name, href in hrefs.items()},
        "author_association": "CONTRIBUTOR",
        "auto_merge": None,
        "draft": state.is_draft,
    }


def pull(state: ChangeState, view: RepositoryView, api: str) -> Payload:
    """A pull request by itself."""
    change, head = state.change, state.head
    merged_by = user(change.merged_by, api) if state.is_merged and change.merged_by else None
    comments = sum(event.kind == "commented" for event in state.events)
    return {
        **short_pull(state, view, api),
        "merged": state.is_merged,
        "mergeable": True if state.state == "OPEN" else None,
        "rebaseable": None,
        "mergeable_state": "unknown",
        "merged_by": merged_by,
        "comments": comments,
        "review_comments": 0,
        "maintainer_can_modify": False,
        "commits": len(head.commits),
        "additions": head.additions,
        "deletions": head.deletions,
        "changed_files": len(head.paths),
    }


def review(event: Event, state: ChangeState, view: RepositoryView, api: str) -> Payload:
    """A submitted review."""
    pull_url = f"{api}/repos/{view.name}/pulls/{state.change.number}"
    web = f"{WEB}/{view.name}/pull/{state.change.number}#pullrequestreview-{event.id}"
    return {
        "id": event.id,
        "node_id": node_id("PullRequestReview", event.id),
        "user": user(event.actor, api) if event.actor else None,
        "body": "",
        "state": state.review_states[event.id],
        "html_url": web,
        "pull_request_url": pull_url,
        "_links": {"html": {"href": web}, "pull_request": {"href": pull_url}},
        "submitted_at": isoformat(event.at),
        "commit_id": event.sha,
        "author_association": "CONTRIBUTOR",
    }


def commit(record: Commit, view: RepositoryView, api: str) -> Payload:
    """A commit with its author as git and as GitHub know them."""
    url = f"{api}/repos/{view.name}/commits/{record.sha}"
    signature = record.author_signature

    def signed(at: int) -> Payload:
        return {"name": signature.name, "email": signature.email, "date": isoformat(at)}

    return {
        "sha": record.sha,
        "node_id": f"C_{record.sha}",
        "url": url,
        "html_url": f"{WEB}/{view.name}/commit/{record.sha}",
        "comments_url": f"{url}/comments",
        "commit": {
            "url": f"{api}/repos/{view.name}/git/commits/{record.sha}",
            "author": signed(record.authored_at),
            "committer": signed(record.committed_at),
            "message": record.message.rstrip("\n"),
            "comment_count": 0,
            "tree": {"sha": record.sha, "url": f"{api}/repos/{view.name}/git/trees/{record.sha}"},
            "verification": {
                "verified": False,
                "reason": "unsigned",
                "payload": None,
                "signature": None,
                "verified_at": None,
            },
        },
        "author": user(record.author, api),
        "committer": user(record.author, api),
        "parents": [
            {
                "sha": sha,
                "url": f"{api}/repos/{view.name}/commits/{sha}",
                "html_url": f"{WEB}/{view.name}/commit/{sha}",
            }
            for sha in record.parents
        ],
    }


def run(record: Run, attempt: Attempt, view: RepositoryView, api: str, nested: Payload) -> Payload:
    """A workflow run in the state of one of its attempts; `nested` is its repository."""
    status, conclusion, updated_at = run_state(attempt, view.now)
    url = f"{api}/repos/{view.name}/actions/runs/{record.id}"
    actor = record.attempts[0].actor
    workflow = view.repository.id * 10
    earlier = f"{url}/attempts/{attempt.number - 1}" if attempt.number > 1 else None
    signed = {"name": actor.signature.name, "email": actor.signature.email}
    return {
        "id": record.id,
        "name": record.name,
        "node_id": f"WFR_{record.id}",
        "head_branch": record.branch,
        "head_sha": record.sha,
        "path": ".github/workflows/ci.yml",
        "display_title": record.name,
        "run_number": record.number,
        "event": record.trigger,
        "status": status,
        "conclusion": conclusion,
        "workflow_id": workflow,
        "check_suite_id": record.id,
        "check_suite_node_id": f"CS_{record.id}",
        "url": url,
        "html_url": f"{WEB}/{view.name}/actions/runs/{record.id}",
        "pull_requests": [],
        "created_at": isoformat(record.created_at),
        "updated_at": isoformat(updated_at),
        "actor": user(actor, api),
        "run_attempt": attempt.number,
        "referenced_workflows": [],
        "run_started_at": isoformat(attempt.started_at),
        "triggering_actor": user(attempt.actor, api),
        "jobs_url": f"{url}/jobs",
        "logs_url": f"{url}/logs",
        "check_suite_url": f"{api}/repos/{view.name}/check-suites/{record.id}",
        "artifacts_url": f"{url}/artifacts",
        "cancel_url": f"{url}/cancel",
        "rerun_url": f"{url}/rerun",
        "previous_attempt_url": earlier,
        "workflow_url": f"{api}/repos/{view.name}/actions/workflows/{workflow}",
        "head_commit": {
            "id": record.sha,
            "tree_id": record.sha,
            "message": record.name,
            "timestamp": isoformat(record.created_at),
            "author": signed,
            "committer": signed,
        },
        "repository": nested,
        "head_repository": nested,
    }


def job(record: Job, owner: Run, attempt: Attempt, view: RepositoryView, api: str) -> Payload:
    """A job of an attempt. A queued one carries the time of its queueing as `started_at`, as GitHub's do."""
    status, conclusion = job_state(record, view.now)
    is_assigned = record.started_at is not None and record.started_at <= view.now
    started_at = record.started_at if is_assigned and record.started_at else record.created_at
    url = f"{api}/repos/{view.name}/actions/jobs/{record.id}"
    runner = record.runner if is_assigned else 0
    is_done = status == "completed"
    return {
        "id": record.id,
        "run_id": owner.id,
        "workflow_name": owner.name,
        "head_branch": owner.branch,
        "run_url": f"{api}/repos/{view.name}/actions/runs/{owner.id}",
        "run_attempt": attempt.number,
        "node_id": f"CR_{record.id}",
        "head_sha": owner.sha,
        "url": url,
        "html_url": f"{WEB}/{view.name}/actions/runs/{owner.id}/job/{record.id}",
        "status": status,
        "conclusion": conclusion,
        "created_at": isoformat(record.created_at),
        "started_at": isoformat(started_at),
        "completed_at": isoformat(record.completed_at) if is_done and record.completed_at else None,
        "name": record.name,
        "steps": _steps(record, view.now) if is_assigned else [],
        "check_run_url": f"{api}/repos/{view.name}/check-runs/{record.id}",
        "labels": [record.pool],
        "runner_id": runner,
        "runner_name": f"runner-{runner}" if runner else "",
        "runner_group_id": RUNNER_GROUP[0] if runner else 0,
        "runner_group_name": RUNNER_GROUP[1] if runner else "",
    }


def _steps(record: Job, now: int) -> list[Payload]:
    """Set-up and the work itself."""
    begun = (record.started_at or 0) + 1
    ready = begun + record.setup_seconds
    ended = record.completed_at if record.completed_at is not None and record.completed_at <= now else None
    if ended is not None:
        ready = min(ready, ended)
    spans = (("Set up job", begun, ready if ready <= now else None), (f"Run {record.name}", ready, ended))
    steps = []
    for number, (name, start, end) in enumerate(spans, 1):
        if start > now:
            break
        is_last = number == len(spans)
        result = (record.conclusion if is_last else "success") if end is not None else None
        steps.append(
            {
                "name": name,
                "status": "completed" if end is not None else "in_progress",
                "conclusion": "failure" if result == "timed_out" else result,
                "number": number,
                "started_at": isoformat(start),
                "completed_at": isoformat(end) if end is not None else None,
            }
        )
    return steps


def deployment(record: Deployment, view: RepositoryView, api: str) -> Payload:
    """A deployment; when its status changed last shows in `updated_at`."""
    url = f"{api}/repos/{view.name}/deployments/{record.id}"
    updated_at = max([record.created_at, *(status.at for status in record.statuses if status.at <= view.now)])
    return {
        "url": url,
        "id": record.id,
        "node_id": node_id("Deployment", record.id),
        "sha": record.sha,
        "ref": record.ref,
        "task": "deploy",
        "payload": {},
        "original_environment": record.environment,
        "environment": record.environment,
        "description": None,
        "creator": user(record.creator, api),
        "created_at": isoformat(record.created_at),
        "updated_at": isoformat(updated_at),
        "statuses_url": f"{url}/statuses",
        "repository_url": f"{api}/repos/{view.name}",
        "transient_environment": False,
        "production_environment": record.is_production,
    }


def deployment_status(
    status: DeploymentStatus, record: Deployment, view: RepositoryView, api: str
) -> Payload:
    """A status of a deployment; REST has no word for waiting and says pending."""
    url = f"{api}/repos/{view.name}/deployments/{record.id}"
    at = isoformat(status.at)
    return {
        "url": f"{url}/statuses/{status.id}",
        "id": status.id,
        "node_id": node_id("DeploymentStatus", status.id),
        "state": "pending" if status.state == "waiting" else status.state,
        "creator": user(status.creator, api),
        "description": "",
        "environment": record.environment,
        "target_url": "",
        "created_at": at,
        "updated_at": at,
        "deployment_url": url,
        "repository_url": f"{api}/repos/{view.name}",
        "environment_url": "",
        "log_url": "",
    }


def release(record: Release, view: RepositoryView, api: str) -> Payload:
    """A release; a draft is not published yet."""
    url, web = f"{api}/repos/{view.name}/releases/{record.id}", f"{WEB}/{view.name}/releases"
    is_published = record.published_at is not None and record.published_at <= view.now
    published_at = isoformat(record.published_at) if is_published and record.published_at else None
    return {
        "url": url,
        "html_url": f"{web}/tag/{record.tag}",
        "assets_url": f"{url}/assets",
        "upload_url": f"{url}/assets{{?name,label}}",
        "tarball_url": f"{web}/{record.tag}.tar.gz",
        "zipball_url": f"{web}/{record.tag}.zip",
        "id": record.id,
        "node_id": node_id("Release", record.id),
        "tag_name": record.tag,
        "target_commitish": "main",
        "name": record.tag,
        "body": None,
        "draft": not is_published,
        "prerelease": record.is_prerelease,
        "immutable": False,
        "created_at": isoformat(record.created_at),
        "published_at": published_at,
        "updated_at": isoformat(record.created_at),
        "author": user(record.author, api),
        "assets": [],
    }


def push(record: Push, api: str) -> Payload:
    """A movement of a branch."""
    return {
        "id": record.id,
        "node_id": f"RA_{record.id}",
        "before": record.before,
        "after": record.after,
        "ref": record.ref,
        "timestamp": isoformat(record.at),
        "activity_type": record.kind,
        "actor": user(record.actor, api),
    }


def private_user(account: Account, api: str) -> Payload:
    """The owner of the token."""
    at = isoformat(account.created_at)
    return {
        **user(account, api),
        "name": account.signature.name,
        "company": None,
        "blog": None,
        "location": None,
        "email": None,
        "notification_email": None,
        "hireable": None,
        "bio": None,
        "twitter_username": None,
        "public_repos": 0,
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": at,
        "updated_at": at,
        "private_gists": 0,
        "total_private_repos": 0,
        "owned_private_repos": 0,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
    }


def etag(body: bytes) -> str:
    """Return the entity tag of a body."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:40]}"'
