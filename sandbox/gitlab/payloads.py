"""REST objects made from the history, with the fields that GitLab's own have."""

from itertools import pairwise
from typing import Any

from sandbox.calendar import isoformat, moment
from sandbox.gitlab.notes import Note, username
from sandbox.gitlab.view import (
    CLOSED_STATUSES,
    OPENED_STATUS,
    Issue,
    MergeRequest,
    ProjectView,
    Try,
    View,
    ended_at,
    job_status,
    shown,
)
from sandbox.history import Account, Commit, Deployment, Event, FieldChange, Head, Release, Run

Payload = dict[str, Any]

WEB = "https://gitlab.example"
GROUP = 1
DEPLOY_JOBS = 700_000_000
ISSUES = 40_000_000
STATUSES = (OPENED_STATUS, "Ready", "In Progress", "Done", "Rejected")
STATUS_SCOPE, TYPE_SCOPE = "workflow::", "type::"
_DEPLOYMENT_STATUS = {
    "waiting": "blocked",
    "queued": "created",
    "in_progress": "running",
    "success": "success",
    "failure": "failed",
    "error": "failed",
}


def stamp(at: int | None) -> str | None:
    """Return an instant as GitLab writes it."""
    return None if at is None else isoformat(at).replace("Z", ".000Z")


def user(account: Account) -> Payload:
    """A user as it is nested in other objects."""
    name = username(account)
    return {
        "id": account.id,
        "username": name,
        "name": account.signature.name,
        "state": "active",
        "locked": False,
        "avatar_url": None,
        "web_url": f"{WEB}/{name}",
    }


def whole_user(account: Account) -> Payload:
    """A user by itself."""
    return {
        **user(account),
        "created_at": stamp(account.created_at),
        "bio": "",
        "public_email": account.signature.email,
        "bot": account.is_bot_type,
        "organization": None,
    }


def namespace(path: str) -> Payload:
    """The group of the projects."""
    return {"id": GROUP, "name": path, "path": path, "kind": "group", "full_path": path, "parent_id": None}


def group(path: str) -> Payload:
    """The group by itself."""
    return {
        "id": GROUP,
        "name": path,
        "path": path,
        "full_name": path,
        "full_path": path,
        "visibility": "private",
        "web_url": f"{WEB}/groups/{path}",
        "created_at": "2020-01-01T00:00:00.000Z",
        "parent_id": None,
    }


def project(view: ProjectView) -> Payload:
    """A project; whether merges need a pipeline is told to those only who may see the rules."""
    repository = view.repository
    group_path, _, name = view.path.partition("/")
    rules = (
        {"only_allow_merge_if_pipeline_succeeds": bool(repository.required_checks)}
        if repository.are_rules_visible
        else {}
    )
    return {
        "id": repository.id,
        "name": name,
        "path": name,
        "path_with_namespace": view.path,
        "name_with_namespace": f"{group_path} / {name}",
        "description": None,
        "namespace": namespace(group_path),
        "default_branch": "main",
        "archived": False,
        "visibility": "private",
        "issues_enabled": True,
        "merge_requests_enabled": True,
        "created_at": stamp(repository.created_at),
        "last_activity_at": stamp(view.now),
        "http_url_to_repo": f"{WEB}/{view.path}.git",
        "web_url": f"{WEB}/{view.path}",
        **rules,
    }


def merge_request(request: MergeRequest, view: ProjectView) -> Payload:
    """A merge request as lists show it."""
    change, is_merged = request.change, request.state == "merged"
    is_squashing = view.organisation.policies[view.repository.id].is_squashing
    merge_sha = change.merge_sha if is_merged else None
    merger = user(change.merged_by) if is_merged and change.merged_by else None
    closing = request.closing if not is_merged else None
    return {
        "id": change.id,
        "iid": change.number,
        "project_id": view.repository.id,
        "title": f"Draft: {change.title}" if request.is_draft else change.title,
        "description": description(change.body, request, view),
        "state": request.state,
        "created_at": stamp(change.created_at),
        "updated_at": stamp(request.updated_at),
        "merged_by": merger,
        "merge_user": merger,
        "merged_at": stamp(change.merged_at) if is_merged else None,
        "closed_by": user(closing.actor) if closing and closing.actor else None,
        "closed_at": stamp(closing.at) if closing else None,
        "target_branch": "main",
        "source_branch": change.head_branch,
        "user_notes_count": sum(event.kind == "commented" for event in request.events),
        "upvotes": 0,
        "downvotes": 0,
        "author": user(change.author),
        "assignees": [],
        "assignee": None,
        "reviewers": [user(one) for one in request.reviewers],
        "source_project_id": view.repository.id,
        "target_project_id": view.repository.id,
        "labels": [],
        "draft": request.is_draft,
        "work_in_progress": request.is_draft,
        "milestone": None,
        "merge_when_pipeline_succeeds": False,
        "merge_status": "can_be_merged",
        "detailed_merge_status": "not_open" if request.state != "opened" else "mergeable",
        "sha": request.head.sha,
        "merge_commit_sha": None if is_squashing else merge_sha,
        "squash_commit_sha": merge_sha if is_squashing else None,
        "squash": is_squashing,
        "discussion_locked": None,
        "should_remove_source_branch": None,
        "force_remove_source_branch": True,
        "has_conflicts": False,
        "blocking_discussions_resolved": True,
        "references": {"short": f"!{change.number}", "full": f"{view.path}!{change.number}"},
        "web_url": f"{WEB}/{view.path}/-/merge_requests/{change.number}",
    }


def description(body: str, request: MergeRequest, view: ProjectView) -> str:
    """Return the words of the description; a revert refers to a merge request as GitLab's own button does."""
    if reverted := request.change.reverts:
        return f"This reverts merge request {view.path}!{reverted.number}"
    return body


def note(one: Note, on: MergeRequest | Issue) -> Payload:
    """A note on a merge request or an issue."""
    at = stamp(one.at)
    return {
        "id": one.id,
        "type": one.kind,
        "body": one.body,
        "author": user(one.author),
        "created_at": at,
        "updated_at": at,
        "system": one.is_system,
        **_noteable(on),
        "resolvable": one.kind is not None,
        "confidential": False,
        "internal": False,
    }


def _noteable(on: MergeRequest | Issue) -> Payload:
    if isinstance(on, Issue):
        return {"noteable_id": ISSUES + on.ticket.id, "noteable_type": "Issue", "noteable_iid": on.number}
    return {
        "noteable_id": on.change.id,
        "noteable_type": "MergeRequest",
        "noteable_iid": on.change.number,
    }


def state_event(event: Event, request: MergeRequest) -> Payload:
    """A closing, reopening or merge."""
    return {
        "id": event.id,
        "user": user(event.actor) if event.actor else None,
        "created_at": stamp(event.at),
        "resource_type": "MergeRequest",
        "resource_id": request.change.id,
        "state": event.kind,
    }


def version(place: int, head: Head, request: MergeRequest) -> Payload:
    """A version of the diff; the first one was made with the merge request."""
    return {
        "id": request.change.id * 100 + place,
        "head_commit_sha": head.sha,
        "base_commit_sha": request.change.base_sha,
        "start_commit_sha": request.change.base_sha,
        "created_at": stamp(max(head.at, request.change.created_at)),
        "merge_request_id": request.change.id,
        "state": "collected",
        "real_size": str(len(head.paths)),
        "patch_id_sha": None,
    }


def approvals(request: MergeRequest, view: ProjectView) -> Payload:
    """Approvals that stand."""
    needed = view.repository.required_approvals
    given = [event for event in request.approvals.values() if event.actor]
    return {
        "id": request.change.id,
        "iid": request.change.number,
        "project_id": view.repository.id,
        "state": request.state,
        "approved": len(given) >= needed,
        "approvals_required": needed,
        "approvals_left": max(0, needed - len(given)),
        "approved_by": [
            {"user": user(event.actor), "approved_at": stamp(event.at)} for event in given if event.actor
        ],
    }


def commit(record: Commit) -> Payload:
    """A commit; GitLab says what git says, and no account."""
    signature = record.author_signature
    title, _, _ = record.message.partition("\n")
    return {
        "id": record.sha,
        "short_id": record.sha[:8],
        "created_at": stamp(record.committed_at),
        "parent_ids": list(record.parents),
        "title": title,
        "message": record.message,
        "author_name": signature.name,
        "author_email": signature.email,
        "authored_date": stamp(record.authored_at),
        "committer_name": signature.name,
        "committer_email": signature.email,
        "committed_date": stamp(record.committed_at),
        "trailers": {},
        "web_url": f"{WEB}/-/commit/{record.sha}",
    }


def diff(path: str, head: Head) -> Payload:
    """The diff of a file: as many lines as the history counts, and nothing in them."""
    count, is_first = len(head.paths), path == head.paths[0]
    added, removed = (
        total // count + (total % count if is_first else 0) for total in (head.additions, head.deletions)
    )
    lines = ["@@ -1 +1 @@", *["-" for _ in range(removed)], *["+" for _ in range(added)]]
    return {
        "old_path": path,
        "new_path": path,
        "a_mode": "100644",
        "b_mode": "100644",
        "diff": "\n".join(lines) + "\n",
        "new_file": False,
        "renamed_file": False,
        "deleted_file": False,
        "generated_file": False,
        "collapsed": False,
        "too_large": False,
    }


def pipeline(record: Run, view: ProjectView, *, is_whole: bool = False) -> Payload:
    """A pipeline; only asked for by itself it tells its times."""
    tries = view.tries[record.id]
    status = pipeline_status(tries, view)
    listed = {
        "id": record.id,
        "iid": record.number,
        "project_id": view.repository.id,
        "sha": record.sha,
        "ref": ref(record, view),
        "status": status,
        "source": "push" if record.trigger == "push" else "merge_request_event",
        "created_at": stamp(record.created_at),
        "updated_at": stamp(pipeline_updated_at(record, view)),
        "web_url": f"{WEB}/{view.path}/-/pipelines/{record.id}",
        "name": record.name,
    }
    if not is_whole:
        return listed
    started = [one.job.started_at for one in tries if one.job.started_at and one.job.started_at <= view.now]
    ended = [end for one in tries if (end := ended_at(one.job)) is not None]
    is_over = status in {"success", "failed", "canceled"}
    actor = record.attempts[0].actor
    return {
        **listed,
        "before_sha": "0" * 40,
        "tag": False,
        "yaml_errors": None,
        "user": user(actor),
        "started_at": stamp(min(started)) if started else None,
        "finished_at": stamp(max(ended)) if is_over else None,
        "committed_at": None,
        "duration": _busy_seconds(tries) if is_over else None,
        "queued_duration": min(started) - record.created_at if started else None,
        "coverage": None,
    }


def ref(record: Run, view: ProjectView) -> str:
    """Return what a pipeline runs for, as GitLab names it."""
    if record.trigger == "push":
        return record.branch
    if record.trigger == "merge_group":
        number = record.branch.partition("/pr-")[2].partition("-")[0]
        return f"refs/merge-requests/{number}/train"
    return f"refs/merge-requests/{view.numbers_by_branch[record.branch]}/head"


def pipeline_status(tries: list[Try], view: ProjectView) -> str:
    """Return the status that the latest tries of all jobs add up to."""
    latest = {one.job.name: one for one in tries}
    statuses = {name: job_status(one.job, view.now) for name, one in latest.items()}
    if any(status in {"running", "pending"} for status in statuses.values()):
        is_begun = any(status != "pending" for status in statuses.values())
        return "running" if is_begun else "pending"
    needed = {statuses[name] for name in latest if not may_fail(name, view)}
    return next((status for status in ("failed", "canceled") if status in needed), "success")


def may_fail(name: str, view: ProjectView) -> bool:
    """Whether a pipeline succeeds without a job: those that the company does not require."""
    return name not in view.repository.required_checks


def pipeline_updated_at(record: Run, view: ProjectView) -> int:
    """Return when anything in a pipeline last happened."""
    times = [
        at
        for one in view.tries[record.id]
        for at in (one.job.created_at, one.job.started_at, ended_at(one.job))
        if at is not None and at <= view.now
    ]
    return max([record.created_at, *times])


def _busy_seconds(tries: list[Try]) -> int:
    """Return for how long at least one job ran."""
    spans = sorted(
        (one.job.started_at, end)
        for one in tries
        if one.job.started_at is not None and (end := ended_at(one.job)) is not None
    )
    total = reached = 0
    for start, end in spans:
        total += max(0, end - max(start, reached))
        reached = max(reached, end)
    return total


def job(one: Try, view: ProjectView) -> Payload:
    """A try of a job."""
    record, run, now = one.job, one.run, view.now
    status = job_status(record, now)
    is_started = record.started_at is not None and record.started_at <= now
    is_over = status not in {"running", "pending"}
    started_at = record.started_at if is_started else None
    finished_at = ended_at(record) if is_over else None
    reason = "job_execution_timeout" if record.conclusion == "timed_out" else "script_failure"
    return {
        "id": record.id,
        "status": status,
        "stage": "test",
        "name": record.name,
        "ref": ref(run, view),
        "tag": False,
        "coverage": None,
        "allow_failure": may_fail(record.name, view),
        "created_at": stamp(record.created_at),
        "started_at": stamp(started_at),
        "finished_at": stamp(finished_at),
        "erased_at": None,
        "duration": float(finished_at - started_at)
        if finished_at is not None and started_at is not None
        else None,
        "queued_duration": float(started_at - record.created_at) if started_at is not None else None,
        "failure_reason": reason if status == "failed" else None,
        "user": user(run.attempts[one.number - 1].actor),
        "commit": {"id": run.sha, "short_id": run.sha[:8]},
        "pipeline": {
            "id": run.id,
            "iid": run.number,
            "project_id": view.repository.id,
            "sha": run.sha,
            "ref": ref(run, view),
            "status": pipeline_status(view.tries[run.id], view),
        },
        "runner": {"id": record.runner, "description": f"runner-{record.runner}"} if is_started else None,
        "tag_list": [record.pool],
        "archived": False,
        "web_url": f"{WEB}/{view.path}/-/jobs/{record.id}",
    }


def environment(name: str, view: ProjectView) -> Payload:
    """An environment."""
    number, is_production = view.environments[name]
    return {
        "id": number,
        "name": name,
        "slug": name.replace("/", "-"),
        "external_url": None,
        "state": "available",
        "tier": "production" if is_production else "staging",
        "created_at": stamp(view.repository.created_at),
        "updated_at": stamp(view.repository.created_at),
    }


def deployment(record: Deployment, view: ProjectView, *, is_whole: bool = False) -> Payload:
    """A deployment with the job that makes it; only asked for by itself it tells who approved."""
    statuses = shown(record, view.now)
    states = [one.state for one in statuses]
    started_at = next((one.at for one in statuses if one.state == "in_progress"), None)
    is_over = bool(states) and states[-1] in {"success", "failure", "error"}
    finished_at = statuses[-1].at if is_over and started_at is not None else None
    named = environment(record.environment, view)
    listed = {
        "id": record.id,
        "iid": view.deployments.index(record) + 1,
        "ref": record.ref,
        "sha": record.sha,
        "created_at": stamp(record.created_at),
        "updated_at": stamp(deployment_updated_at(record, view.now)),
        "status": _DEPLOYMENT_STATUS[states[-1]] if states else "created",
        "user": user(record.creator),
        "environment": {name: named[name] for name in ("id", "name", "slug", "external_url")},
        "deployable": {
            "id": DEPLOY_JOBS + record.id,
            "status": "success" if states[-1:] == ["success"] else "created",
            "stage": "deploy",
            "name": f"deploy {record.environment}",
            "ref": record.ref,
            "created_at": stamp(record.created_at),
            "started_at": stamp(started_at),
            "finished_at": stamp(finished_at),
            "user": user(record.creator),
        },
        "pending_approval_count": int(states[-1:] == ["waiting"]),
    }
    return {**listed, "approvals": _decisions(record, view)} if is_whole else listed


def _decisions(record: Deployment, view: ProjectView) -> list[Payload]:
    """What people decided: the step after waiting is theirs."""
    statuses = shown(record, view.now)
    return [
        {
            "user": user(after.creator),
            "status": "approved" if after.state == "queued" else "rejected",
            "created_at": stamp(after.at),
            "comment": "",
        }
        for before, after in pairwise(statuses)
        if before.state == "waiting"
    ]


def deployment_updated_at(record: Deployment, now: int) -> int:
    """Return when the status last changed."""
    return max([record.created_at, *(one.at for one in shown(record, now))])


def release(record: Release) -> Payload:
    """A published release."""
    return {
        "tag_name": record.tag,
        "name": record.tag,
        "description": "",
        "created_at": stamp(record.created_at),
        "released_at": stamp(record.published_at),
        "upcoming_release": False,
        "author": user(record.author),
        "commit": {"id": record.sha, "short_id": record.sha[:8]},
        "tag_path": f"/-/tags/{record.tag}",
        "assets": {"count": 0, "sources": [], "links": []},
    }


def tag(record: Release) -> Payload:
    """A tag."""
    return {
        "name": record.tag,
        "message": "",
        "target": record.sha,
        "commit": {"id": record.sha, "short_id": record.sha[:8], "created_at": stamp(record.created_at)},
        "release": None,
        "protected": False,
        "created_at": None,
    }


def approval_rule(view: ProjectView) -> Payload:
    """The one rule that a project has."""
    return {
        "id": view.repository.id,
        "name": "All members",
        "rule_type": "any_approver",
        "report_type": None,
        "eligible_approvers": [],
        "approvals_required": view.repository.required_approvals,
        "users": [],
        "groups": [],
        "contains_hidden_groups": False,
        "protected_branches": [],
        "applies_to_all_protected_branches": True,
    }


def car(event: Event, request: MergeRequest, view: ProjectView) -> Payload:
    """A merge request on a merge train."""
    change, is_merged = request.change, request.state == "merged"
    merged_at = change.merged_at if is_merged else None
    return {
        "id": event.id,
        "merge_request": {
            "id": change.id,
            "iid": change.number,
            "project_id": view.repository.id,
            "title": change.title,
            "state": request.state,
        },
        "user": user(event.actor) if event.actor else None,
        "target_branch": "main",
        "status": "merged" if is_merged else "fresh",
        "created_at": stamp(event.at),
        "updated_at": stamp(merged_at or event.at),
        "merged_at": stamp(merged_at),
        "duration": merged_at - event.at if merged_at else None,
    }


def issue(one: Issue, project_view: ProjectView, view: View) -> Payload:
    """A ticket; where it stands and what it is tell its scoped labels."""
    ticket = one.ticket
    label = one.status if one.status not in CLOSED_STATUSES else _last_open_status(one, view.now)
    labels = [_label(TYPE_SCOPE, ticket.kind, 90)]
    if label != OPENED_STATUS:
        labels.append(status_label(label))
    assignee = _assignee(one, view)
    return {
        "id": ISSUES + ticket.id,
        "iid": one.number,
        "project_id": project_view.repository.id,
        "title": f"{ticket.key} {ticket.kind}",
        "description": "",
        "state": "closed" if one.closed_at else "opened",
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(one.updated_at),
        "closed_at": stamp(one.closed_at),
        "labels": labels,
        "milestone": None,
        "assignees": [assignee] if assignee else [],
        "assignee": assignee,
        "author": user(ticket.reporter),
        "type": "ISSUE",
        "issue_type": "issue",
        "due_date": moment(ticket.due_at).date().isoformat() if ticket.due_at else None,
        "confidential": False,
        "web_url": f"{WEB}/{project_view.path}/-/issues/{one.number}",
    }


def status_label(status: str) -> Payload:
    """The scoped label of a status."""
    return _label(STATUS_SCOPE, status.lower(), 100 + STATUSES.index(status))


def _label(scope: str, name: str, number: int) -> Payload:
    return {"id": number, "name": f"{scope}{name}", "color": "#428BCA", "description": None, "priority": None}


def label_events(one: Issue, now: int) -> list[Payload]:
    """Labels that came and went: a scoped one drives out the one before."""
    found = []
    for place, step in enumerate(_statuses(one, now)):
        if step.after in CLOSED_STATUSES:
            continue
        if step.before != OPENED_STATUS:
            found.append(_label_event(one, step, place, step.before, "remove"))
        found.append(_label_event(one, step, place, step.after, "add"))
    return found


def issue_state_events(one: Issue, now: int) -> list[Payload]:
    """Closings."""
    return [
        {
            "id": one.ticket.id * 100 + place,
            "user": user(step.actor) if step.actor else None,
            "created_at": stamp(step.at),
            "resource_type": "Issue",
            "resource_id": ISSUES + one.ticket.id,
            "state": "closed",
        }
        for place, step in enumerate(_statuses(one, now))
        if step.after in CLOSED_STATUSES
    ]


def _label_event(one: Issue, step: FieldChange, place: int, status: str, action: str) -> Payload:
    return {
        "id": one.ticket.id * 100 + place * 2 + (action == "add"),
        "user": user(step.actor) if step.actor else None,
        "created_at": stamp(step.at),
        "resource_type": "Issue",
        "resource_id": ISSUES + one.ticket.id,
        "label": status_label(status),
        "action": action,
    }


def _statuses(one: Issue, now: int) -> list[FieldChange]:
    return [step for step in one.ticket.fields if step.field == "status" and step.at <= now]


def _last_open_status(one: Issue, now: int) -> str:
    """Return the label that a closed issue still bears."""
    open_ones = [step.after for step in _statuses(one, now) if step.after not in CLOSED_STATUSES]
    return open_ones[-1] if open_ones else OPENED_STATUS


def _assignee(one: Issue, view: View) -> Payload | None:
    logins = [step.after for step in one.ticket.fields if step.field == "assignee" and step.at <= view.now]
    found = [account for account in view.accounts.values() if logins and account.login == logins[-1]]
    return user(found[0]) if found else None
