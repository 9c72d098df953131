"""The GraphQL operations, all of them, as text.

One query brings pull requests with everything nested that fits (100 of each, 10 review threads); what
overflows is paged by node. Parts that some servers or tokens cannot answer are optional: without them the
rest still comes. Of checks only the head commit's suites are nested, which betray re-runs; under every commit
they would cost 25 points a page, with their runs 250 and a timeout.
"""

from __future__ import annotations

from collections.abc import Iterable

OPTIONAL_PARTS = {
    "mergeable": "mergeable",
    "mergeCommit": "message",
    "refUpdateRule": "baseRef { refUpdateRule { requiredApprovingReviewCount requiredStatusCheckContexts } }",
    "closingIssuesReferences": (
        "closingIssuesReferences(first: 100) { pageInfo { hasNextPage endCursor } nodes { ...ClosingIssue } }"
    ),
    "requestedReviewer": "... on Team { combinedSlug }",
    "reviewThreads": (
        "reviewThreads(first: 10) { pageInfo { hasNextPage endCursor } nodes { ...ReviewThread } }"
    ),
    "checkSuites": (
        "headCommit: commits(last: 1) { nodes { commit { "
        "checkSuites(first: 50) { nodes { updatedAt workflowRun { databaseId } } } } } }"
    ),
}
"""Field in an error's path → text to leave out: teams need `read:org`, rules some kinds of token."""

CURRENT_PARTS = frozenset({"mergeable", "refUpdateRule", "checkSuites"})
"""Those that tell how things are now: when they are told again, nothing of before has to be read again."""

TIMELINE_TYPES = (
    "ADDED_TO_MERGE_QUEUE_EVENT",
    "AUTO_MERGE_DISABLED_EVENT",
    "AUTO_MERGE_ENABLED_EVENT",
    "AUTO_REBASE_ENABLED_EVENT",
    "AUTO_SQUASH_ENABLED_EVENT",
    "BASE_REF_CHANGED_EVENT",
    "CLOSED_EVENT",
    "CONVERT_TO_DRAFT_EVENT",
    "HEAD_REF_FORCE_PUSHED_EVENT",
    "ISSUE_COMMENT",
    "MERGED_EVENT",
    "PULL_REQUEST_REVIEW",
    "READY_FOR_REVIEW_EVENT",
    "REMOVED_FROM_MERGE_QUEUE_EVENT",
    "REOPENED_EVENT",
    "REVIEW_DISMISSED_EVENT",
    "REVIEW_REQUESTED_EVENT",
    "REVIEW_REQUEST_REMOVED_EVENT",
)

_ACTOR = """
fragment Actor on Actor {
  __typename
  login
  ... on User { databaseId }
  ... on Bot { databaseId }
  ... on Organization { databaseId }
  ... on Mannequin { databaseId }
  ... on EnterpriseUserAccount { id }
}
"""

_TIMELINE_ITEM = """
fragment TimelineItem on PullRequestTimelineItems {
  __typename
  ... on Node { id }
  ... on AddedToMergeQueueEvent { createdAt actor { ...Actor } }
  ... on AutoMergeDisabledEvent { createdAt actor { ...Actor } }
  ... on AutoMergeEnabledEvent { createdAt actor { ...Actor } }
  ... on AutoRebaseEnabledEvent { createdAt actor { ...Actor } }
  ... on AutoSquashEnabledEvent { createdAt actor { ...Actor } }
  ... on BaseRefChangedEvent { createdAt actor { ...Actor } previousRefName currentRefName }
  ... on ClosedEvent { createdAt actor { ...Actor } }
  ... on ConvertToDraftEvent { createdAt actor { ...Actor } }
  ... on HeadRefForcePushedEvent {
    createdAt actor { ...Actor } beforeCommit { oid } afterCommit { oid }
  }
  ... on IssueComment { createdAt author { ...Actor } }
  ... on MergedEvent { createdAt actor { ...Actor } commit { oid } }
  ... on PullRequestReview { submittedAt author { ...Actor } state commit { oid } }
  ... on ReadyForReviewEvent { createdAt actor { ...Actor } }
  ... on RemovedFromMergeQueueEvent { createdAt actor { ...Actor } reason beforeCommit { oid } }
  ... on ReopenedEvent { createdAt actor { ...Actor } }
  ... on ReviewDismissedEvent {
    createdAt actor { ...Actor } previousReviewState review { id author { ...Actor } }
  }
  ... on ReviewRequestedEvent { createdAt actor { ...Actor } requestedReviewer { ...Reviewer } }
  ... on ReviewRequestRemovedEvent { createdAt actor { ...Actor } requestedReviewer { ...Reviewer } }
}
"""

_REVIEWER = """
fragment Reviewer on RequestedReviewer {
  __typename
  ... on Actor { ...Actor }
  %(requestedReviewer)s
}
"""

_COMMIT = """
fragment PullRequestCommitFields on PullRequestCommit {
  commit {
    oid authoredDate committedDate message
    author { email name user { ...Actor } }
  }
}
"""

_FILE = """
fragment ChangedFile on PullRequestChangedFile { path additions deletions }
"""

_CLOSING_ISSUE = """
fragment ClosingIssue on Issue { fullDatabaseId number repository { nameWithOwner } }
"""

_ISSUE_EVENT = """
fragment IssueEvent on IssueTimelineItems {
  __typename
  ... on ClosedEvent { id createdAt actor { ...Actor } stateReason }
  ... on ReopenedEvent { id createdAt actor { ...Actor } }
}
"""

_REVIEW_THREAD = """
fragment ReviewThread on PullRequestReviewThread {
  comments(first: 100) {
    nodes { __typename id createdAt author { ...Actor } commit { oid } pullRequestReview { id } }
  }
}
"""

NESTED = {
    "timelineItems": (f"itemTypes: [{', '.join(TIMELINE_TYPES)}]", "TimelineItem"),
    "commits": ("", "PullRequestCommitFields"),
    "files": ("", "ChangedFile"),
    "closingIssuesReferences": ("", "ClosingIssue"),
    "reviewThreads": ("", "ReviewThread"),
}
"""Connection of a pull request → its further arguments and the fragment of its nodes."""

_FRAGMENTS = {
    "TimelineItem": _TIMELINE_ITEM + _REVIEWER + _ACTOR,
    "PullRequestCommitFields": _COMMIT + _ACTOR,
    "ChangedFile": _FILE,
    "ClosingIssue": _CLOSING_ISSUE,
    "ReviewThread": _REVIEW_THREAD + _ACTOR,
}

_PULL_REQUEST = """
fragment PullRequestFields on PullRequest {
  id fullDatabaseId number title body state isDraft
  createdAt updatedAt mergedAt closedAt
  author { ...Actor }
  mergedBy { ...Actor }
  baseRefName headRefName headRefOid mergeCommit { oid %(mergeCommit)s }
  additions deletions changedFiles reviewDecision
  %(mergeable)s
  %(refUpdateRule)s
  timelineItems(first: 100, itemTypes: [%(timeline_types)s]) {
    pageInfo { hasNextPage endCursor } nodes { ...TimelineItem }
  }
  commits(first: 100) { totalCount pageInfo { hasNextPage endCursor } nodes { ...PullRequestCommitFields } }
  files(first: 100) { pageInfo { hasNextPage endCursor } nodes { ...ChangedFile } }
  %(closingIssuesReferences)s
  %(reviewThreads)s
  %(checkSuites)s
}
"""

_PULL_REQUESTS = """
query PullRequests(
  $owner: String!, $name: String!, $first: Int!, $after: String
  $states: [PullRequestState!], $order: IssueOrder!
) {
  repository(owner: $owner, name: $name) {
    pullRequests(first: $first, after: $after, states: $states, orderBy: $order) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { ...PullRequestFields }
    }
  }
}
"""

DEPLOYMENT_STATUSES = (
    """
query DeploymentStatuses($ids: [ID!]!) {
  nodes(ids: $ids) {
    ... on Deployment {
      id databaseId updatedAt
      statuses(first: 100) { pageInfo { hasNextPage endCursor } nodes { ...Status } }
    }
  }
}
fragment Status on DeploymentStatus { id state createdAt creator { ...Actor } }
"""
    + _ACTOR
)

MORE_DEPLOYMENT_STATUSES = (
    """
query MoreDeploymentStatuses($id: ID!, $after: String) {
  node(id: $id) {
    ... on Deployment {
      statuses(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { ...Status } }
    }
  }
}
fragment Status on DeploymentStatus { id state createdAt creator { ...Actor } }
"""
    + _ACTOR
)

ISSUES = (
    """
query Issues($owner: String!, $name: String!, $first: Int!, $after: String, $since: DateTime) {
  repository(owner: $owner, name: $name) {
    issues(
      first: $first, after: $after, filterBy: {since: $since}
      orderBy: {field: UPDATED_AT, direction: ASC}
    ) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id fullDatabaseId number state createdAt updatedAt closedAt
        author { ...Actor }
        assignees(first: 1) { nodes { ...Actor } }
        labels(first: 100) { nodes { name } }
        timelineItems(first: 100, itemTypes: [CLOSED_EVENT, REOPENED_EVENT]) {
          pageInfo { hasNextPage endCursor } nodes { ...IssueEvent }
        }
      }
    }
  }
}
"""
    + _ISSUE_EVENT
    + _ACTOR
)

MORE_ISSUE_EVENTS = (
    """
query MoreIssueEvents($id: ID!, $after: String) {
  node(id: $id) {
    ... on Issue {
      timelineItems(first: 100, after: $after, itemTypes: [CLOSED_EVENT, REOPENED_EVENT]) {
        pageInfo { hasNextPage endCursor } nodes { ...IssueEvent }
      }
    }
  }
}
"""
    + _ISSUE_EVENT
    + _ACTOR
)

DEFAULT_BRANCH_RULES = """
query DefaultBranchRules($owner: String!, $name: String!) {
  repository(owner: $owner, name: $name) {
    defaultBranchRef { name refUpdateRule { requiredApprovingReviewCount requiredStatusCheckContexts } }
  }
}
"""

RELEASES = """
query Releases($owner: String!, $name: String!, $first: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    releases(first: $first, after: $after, orderBy: {field: CREATED_AT, direction: DESC}) {
      totalCount
      pageInfo { hasNextPage endCursor }
      nodes { databaseId tagName tagCommit { oid } isDraft isPrerelease createdAt publishedAt }
    }
  }
}
"""


def pull_requests(without: Iterable[str] = ()) -> str:
    """A page of a repository's pull requests, less the optional parts named."""
    lacking = set(without)
    closing = "" if "closingIssuesReferences" in lacking else _CLOSING_ISSUE
    threads = "" if "reviewThreads" in lacking else _REVIEW_THREAD
    fragments = (_PULL_REQUEST, _TIMELINE_ITEM, _REVIEWER, _COMMIT, _FILE, closing, threads, _ACTOR)
    return _filled(_PULL_REQUESTS + "".join(fragments), lacking)


def more_nested(connection: str, without: Iterable[str] = ()) -> str:
    """The next page of one nested connection (a key of NESTED) of one pull request."""
    arguments, fragment = NESTED[connection]
    page = f"{connection}(first: 100, after: $after{', ' if arguments else ''}{arguments})"
    query = f"""
query More{connection[0].upper()}{connection[1:]}($id: ID!, $after: String) {{
  node(id: $id) {{
    ... on PullRequest {{ {page} {{ pageInfo {{ hasNextPage endCursor }} nodes {{ ...{fragment} }} }} }}
  }}
}}
"""
    return query + _filled(_FRAGMENTS[fragment], without)


def _filled(text: str, without: Iterable[str]) -> str:
    lacking = set(without)
    parts = {name: "" if name in lacking else part for name, part in OPTIONAL_PARTS.items()}
    for name, part in {**parts, "timeline_types": ", ".join(TIMELINE_TYPES)}.items():
        text = text.replace(f"%({name})s", part)
    return text
