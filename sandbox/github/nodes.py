"""GraphQL objects made from the history: plain mappings whose callables are the fields that page or lead on.

graphql-core's own default resolver reads them, so a field is answered by the entry of its name and costs
nothing until it is asked for.
"""

import base64
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from graphql import GraphQLError, GraphQLResolveInfo

from sandbox.calendar import isoformat
from sandbox.github.view import ChangeState, RepositoryView, job_state, run_state
from sandbox.history import Account, Commit, Deployment, DeploymentStatus, Event, Job, Release, Run

Node = dict[str, Any]
WEB = "https://github.example"
PREFIXES = {
    "Repository": "R_kgDO",
    "User": "U_kgDO",
    "Bot": "BOT_kgDO",
    "PullRequest": "PR_kwDO",
    "Deployment": "DE_kwDO",
    "Organization": "O_kgDO",
}
EVENT_TYPES = {
    "ready_for_review": "ReadyForReviewEvent",
    "converted_to_draft": "ConvertToDraftEvent",
    "review_requested": "ReviewRequestedEvent",
    "review_request_removed": "ReviewRequestRemovedEvent",
    "commented": "IssueComment",
    "reviewed": "PullRequestReview",
    "review_dismissed": "ReviewDismissedEvent",
    "force_pushed": "HeadRefForcePushedEvent",
    "enqueued": "AddedToMergeQueueEvent",
    "dequeued": "RemovedFromMergeQueueEvent",
    "auto_merge_enabled": "AutoMergeEnabledEvent",
    "auto_merge_disabled": "AutoMergeDisabledEvent",
    "merged": "MergedEvent",
    "closed": "ClosedEvent",
    "reopened": "ReopenedEvent",
    "base_changed": "BaseRefChangedEvent",
}
ITEM_TYPES = {
    "ReadyForReviewEvent": "READY_FOR_REVIEW_EVENT",
    "ConvertToDraftEvent": "CONVERT_TO_DRAFT_EVENT",
    "ReviewRequestedEvent": "REVIEW_REQUESTED_EVENT",
    "ReviewRequestRemovedEvent": "REVIEW_REQUEST_REMOVED_EVENT",
    "IssueComment": "ISSUE_COMMENT",
    "PullRequestReview": "PULL_REQUEST_REVIEW",
    "ReviewDismissedEvent": "REVIEW_DISMISSED_EVENT",
    "HeadRefForcePushedEvent": "HEAD_REF_FORCE_PUSHED_EVENT",
    "AddedToMergeQueueEvent": "ADDED_TO_MERGE_QUEUE_EVENT",
    "RemovedFromMergeQueueEvent": "REMOVED_FROM_MERGE_QUEUE_EVENT",
    "AutoMergeEnabledEvent": "AUTO_MERGE_ENABLED_EVENT",
    "AutoMergeDisabledEvent": "AUTO_MERGE_DISABLED_EVENT",
    "MergedEvent": "MERGED_EVENT",
    "ClosedEvent": "CLOSED_EVENT",
    "ReopenedEvent": "REOPENED_EVENT",
    "BaseRefChangedEvent": "BASE_REF_CHANGED_EVENT",
}


def node_id(kind: str, number: int) -> str:
    """Return the opaque id of an object."""
    return PREFIXES.get(kind, f"{kind[:2].upper()}_kwDO") + base64.urlsafe_b64encode(
        f"{kind}:{number}".encode()
    ).decode().rstrip("=")


def decoded(node: str) -> tuple[str, int] | None:
    """Return kind and number of a node id, None if it is none of ours."""
    _, _, tail = node.partition("DO")
    try:
        kind, _, number = base64.urlsafe_b64decode(tail + "=" * (-len(tail) % 4)).decode().partition(":")
        return kind, int(number)
    except ValueError:
        return None


def connection(
    items: Sequence[Any],
    present: Callable[[Any], Node],
    key: Callable[[int], str] | None,
    _: GraphQLResolveInfo,
    **arguments: Any,
) -> Node:
    """Return the page of `items` that first/after or last/before ask for; `key` names an item in a cursor."""
    start, end = 0, len(items)
    place = key or str
    if after := arguments.get("after"):
        start = _position(items, after, place) + 1
    if before := arguments.get("before"):
        end = _position(items, before, place)
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None:
        page = range(start, min(end, start + first))
    else:
        page = range(max(start, end - (last or 0)), end)
    nodes = [present(items[index]) for index in page]
    return {
        "totalCount": len(items),
        "nodes": nodes,
        "edges": lambda _: [
            {"node": node, "cursor": _cursor(place(index))} for node, index in zip(nodes, page, strict=True)
        ],
        "pageInfo": {
            "hasNextPage": page.stop < end,
            "hasPreviousPage": page.start > start,
            "startCursor": _cursor(place(page[0])) if page else None,
            "endCursor": _cursor(place(page[-1])) if page else None,
        },
    }


def _cursor(place: str) -> str:
    return base64.b64encode(f"cursor:v2:{place}".encode()).decode()


def _position(items: Sequence[Any], cursor: str, place: Callable[[int], str]) -> int:
    """Return the index of a cursor's item, or of the place where it was in the order of the list."""
    try:
        wanted = base64.b64decode(cursor).decode().removeprefix("cursor:v2:")
        if place is str:
            return int(wanted)
    except ValueError:
        raise GraphQLError(f"`{cursor}` does not appear to be a valid cursor.") from None
    low, high = 0, len(items)
    while low < high:
        middle = (low + high) // 2
        if place(middle) > wanted:
            low = middle + 1
        else:
            high = middle
    return low if low < len(items) and place(low) == wanted else low - 1


def actor(account: Account | None) -> Node | None:
    """A user or bot; GraphQL shows apps without their suffix."""
    if account is None:
        return None
    kind = "Bot" if account.is_bot_type else "User"
    login = account.login.removesuffix("[bot]")
    path = f"/apps/{login}" if account.is_bot_type else f"/{login}"
    return {
        "__typename": kind,
        "id": node_id(kind, account.id),
        "databaseId": account.id,
        "login": login,
        "name": account.signature.name,
        "email": "",
        "avatarUrl": f"{WEB}/avatars/{account.id}",
        "url": WEB + path,
        "resourcePath": path,
        "createdAt": isoformat(account.created_at),
        "updatedAt": isoformat(account.created_at),
    }


def reviewer(subject: "Account | str | Event | None", owner: str) -> Node | None:
    """Whom a request names: an account or a team."""
    if isinstance(subject, str):
        number = sum(subject.encode())
        path = f"/orgs/{owner}/teams/{subject}"
        return {
            "__typename": "Team",
            "id": node_id("Team", number),
            "databaseId": number,
            "name": subject,
            "slug": subject,
            "combinedSlug": f"{owner}/{subject}",
            "url": WEB + path,
            "resourcePath": path,
            "createdAt": "2020-01-01T00:00:00Z",
            "updatedAt": "2020-01-01T00:00:00Z",
        }
    return actor(subject) if isinstance(subject, Account) else None


def git_actor(commit: Commit, at: int) -> Node:
    """The author of a commit; an address that GitHub does not know belongs to nobody."""
    account = commit.author
    is_known = not account.login.endswith("-private") or account.signature.email.endswith(
        "noreply.github.com"
    )
    return {
        "name": commit.author_signature.name,
        "email": commit.author_signature.email,
        "date": isoformat(at),
        "user": lambda _: actor(account) if is_known and not account.is_bot_type else None,
    }


class Nodes:
    """Makes the nodes of one repository as of one instant."""

    def __init__(self, view: RepositoryView) -> None:
        self.view = view
        self.owner, _, self.short_name = view.name.partition("/")

    def repository(self) -> Node:
        """The repository."""
        view, record = self.view, self.view.repository
        path = f"/{view.name}"
        return {
            "__typename": "Repository",
            "id": node_id("Repository", record.id),
            "databaseId": record.id,
            "name": self.short_name,
            "nameWithOwner": view.name,
            "createdAt": isoformat(record.created_at),
            "updatedAt": isoformat(view.now),
            "pushedAt": lambda _: isoformat(view.pushes[0].at),
            "isArchived": False,
            "archivedAt": None,
            "isFork": False,
            "isPrivate": True,
            "mergeCommitAllowed": True,
            "squashMergeAllowed": True,
            "url": WEB + path,
            "resourcePath": path,
            "owner": lambda _: organization(self.owner),
            "defaultBranchRef": lambda _: self.ref("main"),
            "ref": lambda _, qualifiedName: self.ref(qualifiedName.removeprefix("refs/heads/")),  # noqa: N803
            "pullRequest": self._pull_request_by_number,
            "pullRequests": self._pull_requests,
            "deployments": self._deployments,
            # The company keeps its tickets elsewhere.
            "issues": partial(connection, (), dict, None),
            "releases": lambda info, **arguments: connection(
                view.releases, self.release, None, info, **arguments
            ),
        }

    def _pull_request_by_number(self, _: GraphQLResolveInfo, number: int) -> Node:
        state = self.view.change(number)
        if state is None:
            raise GraphQLError(
                f"Could not resolve to a PullRequest with the number of {number}.",
                extensions={"type": "NOT_FOUND"},
            )
        return self.pull_request(state)

    def _pull_requests(self, info: GraphQLResolveInfo, **arguments: Any) -> Node:
        """Pull requests by number, or last updated first; a cursor names the place in that order."""
        order = arguments.get("orderBy") or {"field": "CREATED_AT", "direction": "ASC"}
        by_update = order["field"] == "UPDATED_AT"
        states = self.view.changes_by_update if by_update else self.view.changes[::-1]
        if wanted := arguments.get("states"):
            states = [state for state in states if state.state in wanted]
        if base := arguments.get("baseRefName"):
            states = [state for state in states if base == "main"]
        if order["direction"] == "ASC":
            states = states[::-1]
            return connection(states, self.pull_request, None, info, **arguments)

        def place(index: int) -> str:
            at = states[index].updated_at if by_update else states[index].change.created_at
            return f"{at:012d}:{states[index].change.id:012d}"

        return connection(states, self.pull_request, place, info, **arguments)

    def _deployments(self, info: GraphQLResolveInfo, **arguments: Any) -> Node:
        items = self.view.deployments
        if names := arguments.get("environments"):
            items = [item for item in items if item.environment in names]
        if (arguments.get("orderBy") or {}).get("direction", "ASC") == "ASC":
            items = items[::-1]
        return connection(items, self.deployment, None, info, **arguments)

    def ref(self, name: str) -> Node | None:
        """A branch; only trunk is told."""
        if name != "main":
            return None
        record = self.view.repository
        rule = {
            "allowsDeletions": False,
            "allowsForcePushes": False,
            "pattern": "main",
            "requiredApprovingReviewCount": record.required_approvals,
            "requiredStatusCheckContexts": list(record.required_checks),
            "requiresCodeOwnerReviews": False,
            "requiresLinearHistory": False,
        }
        return {
            "__typename": "Ref",
            "id": node_id("Ref", record.id),
            "name": name,
            "prefix": "refs/heads/",
            "refUpdateRule": rule if record.are_rules_visible else None,
            "target": lambda _: self.commit(self.view.trunk),
            "repository": lambda _: self.repository(),
        }

    def commit(self, commit: Commit) -> Node:
        """A commit."""
        headline, _, body = commit.message.rstrip("\n").partition("\n\n")
        return {
            "__typename": "Commit",
            "id": f"C_{commit.sha}",
            "oid": commit.sha,
            "abbreviatedOid": commit.sha[:7],
            "message": commit.message.rstrip("\n"),
            "messageHeadline": headline,
            "messageBody": body,
            "authoredDate": isoformat(commit.authored_at),
            "committedDate": isoformat(commit.committed_at),
            "author": lambda _: git_actor(commit, commit.authored_at),
            "committer": lambda _: git_actor(commit, commit.committed_at),
            "pushedDate": None,
            "parents": lambda info, **arguments: connection(
                commit.parents, self.bare_commit, None, info, **arguments
            ),
            "checkSuites": lambda info, **arguments: connection(
                self.view.runs_by_sha.get(commit.sha, []), self.check_suite, None, info, **arguments
            ),
            "repository": lambda _: self.repository(),
        }

    def check_suite(self, run: Run) -> Node:
        """The checks of a workflow run: its latest attempt."""
        attempt = self.view.attempts(run)[-1]
        status, conclusion, updated_at = run_state(attempt, self.view.now)
        path = f"/{self.view.name}/actions/runs/{run.id}"
        node: Node = {
            "__typename": "CheckSuite",
            "id": node_id("CheckSuite", run.id),
            "databaseId": run.number,
            "status": status.upper(),
            "conclusion": conclusion.upper() if conclusion else None,
            "createdAt": isoformat(run.created_at),
            "updatedAt": isoformat(updated_at),
            "url": WEB + path,
            "resourcePath": path,
            "branch": None,
            "commit": lambda _: self.bare_commit(run.sha),
            "repository": lambda _: self.repository(),
            "checkRuns": lambda info, **arguments: connection(
                attempt.jobs, self.check_run, None, info, **arguments
            ),
        }
        workflow = {
            "__typename": "WorkflowRun",
            "id": node_id("WorkflowRun", run.id),
            "databaseId": run.id,
            "event": run.trigger,
            "runNumber": run.number,
            "checkSuite": lambda _: self.check_suite(run),
        }
        shared = {name: node[name] for name in ("createdAt", "updatedAt", "url", "resourcePath")}
        return {**node, "workflowRun": {**workflow, **shared}}

    def check_run(self, job: Job) -> Node:
        """A job as a check; GraphQL does not tell when it was created."""
        status, conclusion = job_state(job, self.view.now)
        path = f"/{self.view.name}/runs/{job.id}"
        is_started = job.started_at is not None and job.started_at <= self.view.now
        return {
            "__typename": "CheckRun",
            "id": node_id("CheckRun", job.id),
            "databaseId": job.id,
            "name": job.name,
            "status": status.upper(),
            "conclusion": conclusion.upper() if conclusion else None,
            "startedAt": isoformat(job.started_at) if is_started and job.started_at else None,
            "completedAt": isoformat(job.completed_at) if conclusion and job.completed_at else None,
            "url": WEB + path,
            "resourcePath": path,
            "repository": lambda _: self.repository(),
        }

    def bare_commit(self, sha: str) -> Node:
        """A commit of which only the name is told."""
        return {"__typename": "Commit", "id": f"C_{sha}", "oid": sha, "abbreviatedOid": sha[:7]}

    def pull_request(self, state: ChangeState) -> Node:
        """A pull request as it stands."""
        change, view, head = state.change, self.view, state.head
        path = f"/{view.name}/pull/{change.number}"
        page = partial(self._page, state)
        merged_by = change.merged_by if state.is_merged else None
        return {
            "__typename": "PullRequest",
            "id": node_id("PullRequest", change.id),
            "databaseId": change.id,
            "fullDatabaseId": str(change.id),
            "number": change.number,
            "title": change.title,
            "body": change.body,
            "bodyText": change.body,
            "state": state.state,
            "isDraft": state.is_draft,
            "merged": state.is_merged,
            "closed": state.state != "OPEN",
            "createdAt": isoformat(change.created_at),
            "publishedAt": isoformat(change.created_at),
            "updatedAt": isoformat(state.updated_at),
            "mergedAt": isoformat(change.merged_at) if state.is_merged and change.merged_at else None,
            "closedAt": isoformat(state.closed_at) if state.closed_at else None,
            "author": lambda _: actor(change.author),
            "mergedBy": lambda _: actor(merged_by),
            "baseRefName": "main",
            "baseRefOid": change.base_sha,
            "headRefName": change.head_branch,
            "headRefOid": head.sha,
            "additions": head.additions,
            "deletions": head.deletions,
            "changedFiles": len(head.paths),
            "isCrossRepository": False,
            "url": WEB + path,
            "resourcePath": path,
            "mergeable": "MERGEABLE" if state.state == "OPEN" else "UNKNOWN",
            "reviewDecision": state.review_decision,
            "isInMergeQueue": state.queued is not None,
            "isMergeQueueEnabled": False,
            "baseRef": lambda _: self.ref("main"),
            "headRef": None,
            "mergeCommit": lambda _: self._merge_commit(state),
            "autoMergeRequest": lambda _: self._auto_merge(state),
            "mergeQueueEntry": lambda _: self._queue_entry(state),
            "repository": lambda _: self.repository(),
            "timelineItems": partial(self._timeline, state),
            "commits": page(lambda: head.commits, lambda commit: self._pull_request_commit(state, commit)),
            "files": page(lambda: head.paths, partial(_file, state)),
            "reviews": page(lambda: state.reviews, partial(self.event, state)),
            "comments": page(
                lambda: [event for event in state.events if event.kind == "commented"],
                partial(self.event, state),
            ),
            "reviewRequests": page(lambda: state.requested, partial(self._review_request, state)),
            "closingIssuesReferences": page(list, dict),
            "reviewThreads": page(list, dict),
        }

    def _page(
        self, _: ChangeState, items: Callable[[], Sequence[Any]], present: Callable[[Any], Node]
    ) -> Callable[..., Node]:
        return lambda info, **arguments: connection(items(), present, None, info, **arguments)

    def _merge_commit(self, state: ChangeState) -> Node | None:
        if not state.is_merged:
            return None
        trunk = self.view.repository.trunk
        index = next(i for i in range(len(trunk) - 1, -1, -1) if trunk[i][1].sha == state.change.merge_sha)
        return self.commit(trunk[index][1])

    def _auto_merge(self, state: ChangeState) -> Node | None:
        event = state.auto_merge
        if event is None:
            return None
        return {
            "enabledAt": isoformat(event.at),
            "enabledBy": actor(event.actor),
            "mergeMethod": "SQUASH",
            "pullRequest": lambda _: self.pull_request(state),
        }

    def _queue_entry(self, state: ChangeState) -> Node | None:
        event = state.queued
        if event is None:
            return None
        return {
            "__typename": "MergeQueueEntry",
            "id": node_id("MergeQueueEntry", event.id),
            "enqueuedAt": isoformat(event.at),
            "enqueuer": actor(event.actor),
            "position": 1,
            "state": "AWAITING_CHECKS",
            "pullRequest": lambda _: self.pull_request(state),
        }

    def _pull_request_commit(self, state: ChangeState, commit: Commit) -> Node:
        return {
            "__typename": "PullRequestCommit",
            "id": f"PURC_{commit.sha}",
            "commit": lambda _: self.commit(commit),
            "pullRequest": lambda _: self.pull_request(state),
        }

    def _review_request(self, state: ChangeState, subject: "Account | str") -> Node:
        number = subject.id if isinstance(subject, Account) else sum(subject.encode())
        return {
            "__typename": "ReviewRequest",
            "id": node_id("ReviewRequest", number),
            "databaseId": number,
            "asCodeOwner": isinstance(subject, str),
            "requestedReviewer": lambda _: reviewer(subject, self.owner),
            "pullRequest": lambda _: self.pull_request(state),
        }

    def _timeline(self, state: ChangeState, info: GraphQLResolveInfo, **arguments: Any) -> Node:
        events: list[Event] = state.events
        if wanted := arguments.get("itemTypes"):
            events = [event for event in events if ITEM_TYPES[EVENT_TYPES[event.kind]] in wanted]
        if since := arguments.get("since"):
            events = [event for event in events if isoformat(event.at) >= since]
        page = connection(events, partial(self.event, state), None, info, **arguments)
        return {
            **page,
            "filteredCount": len(events),
            "pageCount": len(page["nodes"]),
            "updatedAt": isoformat(state.updated_at),
        }

    def event(self, state: ChangeState, event: Event) -> Node:
        """An item of the timeline."""
        kind = EVENT_TYPES[event.kind]
        at = isoformat(event.at)
        node: Node = {
            "__typename": kind,
            "id": node_id(kind, event.id),
            "databaseId": event.id,
            "createdAt": at,
            "actor": lambda _: actor(event.actor),
            "pullRequest": lambda _: self.pull_request(state),
        }
        if kind in {"IssueComment", "PullRequestReview"}:
            node |= {
                "author": lambda _: actor(event.actor),
                "body": "",
                "publishedAt": at,
                "updatedAt": at,
                "fullDatabaseId": str(event.id),
                "url": f"{WEB}/{self.view.name}/pull/{state.change.number}#{event.id}",
                "submittedAt": at,
                "state": state.review_states.get(event.id),
                "commit": lambda _: self.bare_commit(event.sha),
                "repository": lambda _: self.repository(),
            }
        elif kind in {"ReviewRequestedEvent", "ReviewRequestRemovedEvent"}:
            node["requestedReviewer"] = lambda _: reviewer(event.subject, self.owner)
        else:
            node |= self._details(state, event)
        return node

    def _details(self, state: ChangeState, event: Event) -> Node:
        details: Node = {
            "reason": event.detail or None,
            "enqueuer": lambda _: actor(event.actor),
            "enabler": lambda _: actor(event.actor),
            "mergeRefName": "main",
            "commit": lambda _: self.bare_commit(event.sha) if event.sha else None,
            "afterCommit": lambda _: self.bare_commit(event.sha),
            "beforeCommit": lambda _: self.bare_commit(event.before_sha) if event.before_sha else None,
        }
        review = event.subject
        if isinstance(review, Event):
            details["previousReviewState"] = event.detail.upper()
            details["dismissalMessage"] = None
            details["review"] = lambda _: self.event(state, review)
        return details

    def deployment(self, deployment: Deployment) -> Node:
        """A deployment with its statuses so far."""
        statuses = [status for status in deployment.statuses if status.at <= self.view.now]
        latest = statuses[-1] if statuses else None
        at = isoformat(deployment.created_at)
        return {
            "__typename": "Deployment",
            "id": node_id("Deployment", deployment.id),
            "databaseId": deployment.id,
            "commitOid": deployment.sha,
            "commit": lambda _: self.bare_commit(deployment.sha),
            "createdAt": at,
            "updatedAt": isoformat(latest.at) if latest else at,
            "creator": lambda _: actor(deployment.creator),
            "description": None,
            "environment": deployment.environment,
            "latestEnvironment": deployment.environment,
            "originalEnvironment": deployment.environment,
            "task": "deploy",
            "state": _deployment_state(latest),
            "ref": lambda _: self.ref(deployment.ref),
            "repository": lambda _: self.repository(),
            "latestStatus": lambda _: self._status(deployment, latest) if latest else None,
            "statuses": lambda info, **arguments: connection(
                statuses[::-1], partial(self._status, deployment), None, info, **arguments
            ),
        }

    def _status(self, deployment: Deployment, status: DeploymentStatus) -> Node:
        at = isoformat(status.at)
        return {
            "__typename": "DeploymentStatus",
            "id": node_id("DeploymentStatus", status.id),
            "createdAt": at,
            "updatedAt": at,
            "state": status.state.upper(),
            "environment": deployment.environment,
            "description": None,
            "creator": lambda _: actor(status.creator),
            "deployment": lambda _: self.deployment(deployment),
        }

    def release(self, release: Release) -> Node:
        """A release; a draft has no date of publication."""
        path = f"/{self.view.name}/releases/tag/{release.tag}"
        is_published = release.published_at is not None and release.published_at <= self.view.now
        at = isoformat(release.created_at)
        return {
            "__typename": "Release",
            "id": node_id("Release", release.id),
            "databaseId": release.id,
            "name": release.tag,
            "tagName": release.tag,
            "tagCommit": lambda _: self.bare_commit(release.sha),
            "tag": None,
            "isDraft": not is_published,
            "isPrerelease": release.is_prerelease,
            "isLatest": False,
            "createdAt": at,
            "updatedAt": at,
            "description": None,
            "url": WEB + path,
            "resourcePath": path,
            "publishedAt": isoformat(release.published_at) if is_published and release.published_at else None,
            "author": lambda _: None if release.author.is_bot_type else actor(release.author),
            "repository": lambda _: self.repository(),
        }


def organization(login: str) -> Node:
    """The company's organisation."""
    return {
        "__typename": "Organization",
        "id": node_id("Organization", 1),
        "databaseId": 1,
        "login": login,
        "name": login,
        "avatarUrl": f"{WEB}/avatars/1",
        "url": f"{WEB}/{login}",
        "resourcePath": f"/{login}",
        "createdAt": "2020-01-01T00:00:00Z",
        "updatedAt": "2020-01-01T00:00:00Z",
    }


def _file(state: ChangeState, path: str) -> Node:
    count = len(state.head.paths)
    first = path == state.head.paths[0]

    def share(total: int) -> int:
        return total // count + (total % count if first else 0)

    return {
        "path": path,
        "additions": share(state.head.additions),
        "deletions": share(state.head.deletions),
        "changeType": "MODIFIED",
    }


def _deployment_state(latest: DeploymentStatus | None) -> str:
    if latest is None:
        return "PENDING"
    return {"success": "ACTIVE"}.get(latest.state, latest.state.upper())
