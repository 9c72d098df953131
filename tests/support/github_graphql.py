"""GraphQL over the fake GitHub's facts: resolves exactly the fields that a query asks for, or fails.

Facts become objects in the schema's own field names. A field that an object does not have is an error, so a
query with a misspelt field cannot pass; whether the real schema knows it is another test's business.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Set
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
    value_from_ast_untyped,
)

Facts = dict[str, Any]

_ABSTRACT = {
    "Actor": {"User", "Bot", "Organization", "Mannequin", "EnterpriseUserAccount"},
    "RequestedReviewer": {"User", "Bot", "Mannequin", "Team"},
}
_EVERYTHING = ("Node", "PullRequestTimelineItems", "IssueTimelineItems")
_OPERATIONS = frozenset(
    {
        "PullRequests",
        "MoreTimelineItems",
        "MoreCommits",
        "MoreFiles",
        "MoreClosingIssuesReferences",
        "MoreReviewThreads",
        "DeploymentStatuses",
        "MoreDeploymentStatuses",
        "DefaultBranchRules",
        "Releases",
        "Issues",
        "MoreIssueEvents",
    }
)


class GraphQLRefusalError(Exception):
    """An error of GraphQL, with GitHub's word for its type."""

    def __init__(self, message: str, kind: str = "undefinedField", path: list[str] | None = None) -> None:
        super().__init__(message)
        self.type = kind
        self.path = path or []


def answer(organisation: Facts, document: str, variables: Facts, forbidden: Set[str] = frozenset()) -> Facts:
    """`data` of a query.

    Raises:
        GraphQLRefusalError: an unknown operation, field or object.
    """
    parsed = parse(document)
    operation = next(one for one in parsed.definitions if isinstance(one, OperationDefinitionNode))
    if operation.name is None or operation.name.value not in _OPERATIONS:
        raise GraphQLRefusalError(
            f"the fake does not know the operation {operation.name and operation.name.value}"
        )
    declared = {one.variable.name.value for one in operation.variable_definitions or ()}
    if unknown := set(variables) - declared:
        raise GraphQLRefusalError(f"variables that the operation does not declare: {unknown}")
    return _Selector(parsed, variables, forbidden).select(
        _Query(organisation).root(), operation.selection_set
    )


class _Selector:
    """Takes from an object what a selection asks for."""

    def __init__(self, document: DocumentNode, variables: Facts, forbidden: Set[str]) -> None:
        self.variables = variables
        self.forbidden = forbidden
        self.fragments = {
            one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)
        }

    def select(self, value: Any, selection: SelectionSetNode | None) -> Any:
        if isinstance(value, list):
            return [self.select(item, selection) for item in value]
        if value is None or selection is None:
            return value
        selected: Facts = {}
        for node in selection.selections:
            if isinstance(node, FieldNode):
                shown = node.alias or node.name
                selected[shown.value] = self.select(self._field(value, node), node.selection_set)
            elif isinstance(node, InlineFragmentNode):
                self._merge(
                    selected,
                    value,
                    node.type_condition and node.type_condition.name.value,
                    node.selection_set,
                )
            elif isinstance(node, FragmentSpreadNode):
                fragment = self.fragments[node.name.value]
                self._merge(selected, value, fragment.type_condition.name.value, fragment.selection_set)
        return selected

    def _merge(
        self, selected: Facts, value: Facts, condition: str | None, selection: SelectionSetNode
    ) -> None:
        kind = value.get("__typename")
        if condition is None or kind is None or condition == kind or _covers(condition, kind):
            selected.update(self.select(value, selection))

    def _field(self, value: Facts, node: FieldNode) -> Any:
        name = node.name.value
        if name in self.forbidden:
            raise GraphQLRefusalError(
                "Resource not accessible by integration", "FORBIDDEN", ["repository", name]
            )
        if name not in value:
            raise GraphQLRefusalError(
                f"Field '{name}' doesn't exist on type '{value.get('__typename', 'of the fake')}'"
            )
        found = value[name]
        arguments = {
            one.name.value: value_from_ast_untyped(one.value, self.variables) for one in node.arguments
        }
        return found(**arguments) if callable(found) else found


def _covers(condition: str, kind: str) -> bool:
    return condition in _EVERYTHING or kind in _ABSTRACT.get(condition, ())


class _Query:
    """The organisation as objects of the schema."""

    def __init__(self, organisation: Facts) -> None:
        self.organisation = organisation

    def root(self) -> Facts:
        return {
            "repository": self._repository,
            "nodes": self._nodes,
            "node": lambda **given: self._node(given["id"]),
        }

    def _repository(self, owner: str, name: str) -> Facts:
        facts = self.organisation["repositories"].get(f"{owner}/{name}")
        if facts is None:
            raise GraphQLRefusalError(
                f"Could not resolve to a Repository with the name '{owner}/{name}'.", "NOT_FOUND"
            )
        return {
            "__typename": "Repository",
            "pullRequests": lambda **arguments: self._pull_requests(facts, **arguments),
            "releases": lambda **arguments: self._releases(facts, **arguments),
            "issues": lambda **arguments: self._issues(facts, **arguments),
            "defaultBranchRef": {
                "name": facts["default_branch"],
                "refUpdateRule": _rule(facts["rules"].get(facts["default_branch"])),
            },
        }

    def _pull_requests(self, facts: Facts, states: list[str] | None = None, **page: Any) -> Facts:
        order = page.pop("orderBy")
        key, is_down = ("updated_at", True) if order["field"] == "UPDATED_AT" else ("created_at", False)
        rows = [row for row in facts["pull_requests"] if not states or row["state"] in states]
        rows.sort(key=lambda row: (row[key], row["id"]), reverse=is_down)
        return _connection(
            rows,
            lambda row: self.pull_request(facts, row),
            place=lambda row: f"{row[key]}|{row['id']:020}",
            is_descending=is_down,
            **page,
        )

    def _releases(self, facts: Facts, orderBy: Facts, **page: Any) -> Facts:
        assert orderBy == {"field": "CREATED_AT", "direction": "DESC"}
        tags = {tag["name"]: tag["commit"] for tag in facts["tags"]}
        rows = sorted(facts["releases"], key=lambda row: str(row["created_at"]), reverse=True)
        return _connection(rows, lambda row: _release(row, tags), **page)

    def _issues(self, facts: Facts, orderBy: Facts, filterBy: Facts, **page: Any) -> Facts:
        assert orderBy == {"field": "UPDATED_AT", "direction": "ASC"}
        since = filterBy["since"] or ""
        rows = sorted(
            (row for row in facts["issues"] if row["updated_at"] >= since),
            key=lambda row: (str(row["updated_at"]), row["id"]),
        )
        return _connection(rows, self.issue, place=lambda row: f"{row['updated_at']}|{row['id']:020}", **page)

    def issue(self, row: Facts) -> Facts:
        """An Issue."""
        return {
            "__typename": "Issue",
            "id": f"I_{row['id']}",
            "fullDatabaseId": str(row["id"]),
            "number": row["number"],
            "state": row["state"],
            "createdAt": row["created_at"],
            "updatedAt": row["updated_at"],
            "closedAt": row["closed_at"],
            "author": self.account(row["author"]),
            "assignees": lambda **page: _connection(row["assignees"], self.account, **page),
            "labels": lambda **page: _connection(row["labels"], lambda name: {"name": name}, **page),
            "timelineItems": lambda **arguments: self._timeline(row, **arguments),
        }

    def _node(self, node_id: str) -> Facts | None:
        for facts in self.organisation["repositories"].values():
            for row in facts["pull_requests"]:
                if f"PR_{row['id']}" == node_id:
                    return self.pull_request(facts, row)
            for row in facts["issues"]:
                if f"I_{row['id']}" == node_id:
                    return self.issue(row)
            for row in facts["deployments"]:
                if row["node_id"] == node_id:
                    return self._deployment(row)
        return None

    def _nodes(self, ids: list[str]) -> list[Facts | None]:
        if len(ids) > 100:
            raise GraphQLRefusalError("You may not provide more than 100 node ids", "ARGUMENT_LIMIT")
        return [self._node(one) for one in ids]

    def _deployment(self, row: Facts) -> Facts:
        return {
            "__typename": "Deployment",
            "id": row["node_id"],
            "databaseId": row["id"],
            "updatedAt": row["updated_at"],
            "statuses": lambda **page: _connection(row["statuses"], self._status, **page),
        }

    def _status(self, row: Facts) -> Facts:
        return {
            "__typename": "DeploymentStatus",
            "id": row["id"],
            "state": row["state"],
            "createdAt": row["created_at"],
            "creator": self.account(row["creator"]),
        }

    def account(self, login: str | None) -> Facts | None:
        """An Actor; GraphQL leaves out the [bot] of apps."""
        if login is None:
            return None
        known = self.organisation["accounts"][login]
        return {
            "__typename": known["type"],
            "login": login.removesuffix("[bot]"),
            "databaseId": known["id"],
            "id": f"U_{known['id']}",
        }

    def pull_request(self, facts: Facts, row: Facts) -> Facts:
        """A PullRequest."""
        commits = {commit["sha"]: commit for commit in facts["commits"]}
        merge = commits.get(row["merge_commit"])
        return {
            "__typename": "PullRequest",
            "id": f"PR_{row['id']}",
            "fullDatabaseId": str(row["id"]),
            "number": row["number"],
            "title": row["title"],
            "body": row["body"],
            "state": row["state"],
            "isDraft": row["is_draft"],
            "createdAt": row["created_at"],
            "updatedAt": row["updated_at"],
            "mergedAt": row["merged_at"],
            "closedAt": row["closed_at"],
            "author": self.account(row["author"]),
            "mergedBy": self.account(row["merged_by"]),
            "baseRefName": row["base"],
            "headRefName": row["head"],
            "headRefOid": row["head_commit"],
            "mergeCommit": merge
            and {"__typename": "Commit", "oid": merge["sha"], "message": merge["message"]},
            "additions": sum(one["additions"] for one in row["files"]),
            "deletions": sum(one["deletions"] for one in row["files"]),
            "changedFiles": len(row["files"]),
            "reviewDecision": row["review_decision"],
            "mergeable": row["mergeable"],
            "baseRef": {"refUpdateRule": _rule(facts["rules"].get(row["base"]))},
            "timelineItems": lambda **arguments: self._timeline(row, **arguments),
            "commits": lambda **page: _connection(
                row["commits"], lambda sha: self._commit(facts, commits[sha]), **page
            ),
            "files": lambda **page: _connection(row["files"], _typed("PullRequestChangedFile"), **page),
            "closingIssuesReferences": lambda **page: _connection(row["closing_issues"], _issue, **page),
            "reviewThreads": lambda **page: _connection(
                row.get("review_threads", []), self._review_thread, **page
            ),
        }

    def _review_thread(self, comments: list[Facts]) -> Facts:
        return {
            "__typename": "PullRequestReviewThread",
            "comments": lambda **page: _connection(comments, self._review_comment, **page),
        }

    def _review_comment(self, row: Facts) -> Facts:
        return {
            "__typename": "PullRequestReviewComment",
            "id": row["id"],
            "createdAt": row["created_at"],
            "author": self.account(row["author"]),
            "commit": None,
            "pullRequestReview": row["review"] and {"id": row["review"]},
        }

    def _commit(self, facts: Facts, commit: Facts) -> Facts:
        login = commit["author"]
        author = (
            self.account(login)
            if self.organisation["accounts"].get(login, {}).get("type") == "User"
            else None
        )
        email = self.organisation["emails"].get(login, f"{login}@acme.example")
        return {
            "__typename": "PullRequestCommit",
            "commit": {
                "__typename": "Commit",
                "oid": commit["sha"],
                "authoredDate": commit["authored_at"],
                "committedDate": commit["committed_at"],
                "message": commit["message"],
                "checkSuites": lambda **page: _connection(
                    [run for run in facts["runs"] if run["head_sha"] == commit["sha"]], _suite, **page
                ),
                "author": {"__typename": "GitActor", "email": email, "name": login, "user": author},
            },
        }

    def _timeline(self, row: Facts, itemTypes: list[str], **page: Any) -> Facts:
        wanted = {kind.replace("_", "").lower() for kind in itemTypes}
        items = [one for one in row["timeline"] if one["type"].lower() in wanted]
        items.sort(key=lambda one: one.get("created_at") or one.get("submitted_at") or "9999")
        return _connection(items, lambda one: self._event(row, one), **page)

    def _event(self, row: Facts, item: Facts) -> Facts:
        event = {"__typename": item["type"], "id": item["id"]}
        named = {
            "created_at": "createdAt",
            "submitted_at": "submittedAt",
            "state": "state",
            "reason": "reason",
            "previous": "previousRefName",
            "current": "currentRefName",
            "previous_state": "previousReviewState",
            "state_reason": "stateReason",
        }
        event.update((name, item[key]) for key, name in named.items() if key in item)
        event.update((key, self.account(item[key])) for key in ("actor", "author") if key in item)
        for key, name in (("commit", "commit"), ("before", "beforeCommit"), ("after", "afterCommit")):
            if key in item:
                event[name] = {"oid": item[key]}
        if item["type"].startswith("ReviewRequest"):
            event["requestedReviewer"] = self._asked(item)
        if "review" in item:
            review = next(one for one in row["timeline"] if one["id"] == item["review"])
            event["review"] = {"id": review["id"], "author": self.account(review["author"])}
        return event

    def _asked(self, item: Facts) -> Facts | None:
        if "team" in item:
            return {"__typename": "Team", "combinedSlug": item["team"]}
        return self.account(item["reviewer"])


def _suite(run: Facts) -> Facts:
    """A check suite changes with the latest attempt of its workflow run."""
    return {"updatedAt": run["attempts"][-1]["updated_at"], "workflowRun": {"databaseId": run["id"]}}


def _rule(rule: Facts | None) -> Facts | None:
    if rule is None:
        return None
    return {"requiredApprovingReviewCount": rule["approvals"], "requiredStatusCheckContexts": rule["checks"]}


def _release(row: Facts, tags: Mapping[str, str]) -> Facts:
    commit = tags.get(row["tag_name"])
    return {
        "databaseId": row["id"],
        "tagName": row["tag_name"],
        "tagCommit": {"oid": commit} if commit else None,
        "isDraft": row["is_draft"],
        "isPrerelease": row["is_prerelease"],
        "createdAt": row["created_at"],
        "publishedAt": row["published_at"],
    }


def _issue(row: Facts) -> Facts:
    repository = {"nameWithOwner": row["repository"]}
    return {
        "__typename": "Issue",
        "fullDatabaseId": str(row["id"]),
        "number": row["number"],
        "repository": repository,
    }


def _typed(kind: str) -> Callable[[Facts], Facts]:
    return lambda row: {"__typename": kind, **row}


def _connection(
    rows: list[Any],
    node: Callable[[Any], Facts],
    *,
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    place: Callable[[Any], str] | None = None,
    is_descending: bool = False,
) -> Facts:
    """A page of rows. With `place`, cursors are values of the order, as at GitHub: what moves is missed."""
    size = first or last or 0
    if not 1 <= size <= 100:
        raise GraphQLRefusalError(
            f"Requesting {size} records exceeds the limit of 100", "EXCESSIVE_PAGINATION"
        )
    places = [place(row) if place else f"{index:020}" for index, row in enumerate(rows)]
    reached = base64.b64decode(after).decode() if after else None
    rest = [
        (where, row)
        for where, row in zip(places, rows, strict=True)
        if reached is None or (where < reached if is_descending else where > reached)
    ]
    part = rest[:size] if first else rest[-size:]
    end = base64.b64encode(part[-1][0].encode()).decode() if part else None
    return {
        "totalCount": len(rows),
        "pageInfo": {"hasNextPage": bool(first) and len(rest) > size, "endCursor": end},
        "nodes": [node(row) for _, row in part],
    }
