"""GitHub's GraphQL: validated and executed by graphql-core on the schema beside this module."""

from collections.abc import Mapping
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute,
    parse,
    validate,
)

from sandbox.calendar import isoformat
from sandbox.github.cost import Cost, CostError, cost_of
from sandbox.github.limits import Budget
from sandbox.github.nodes import Node, Nodes, actor, connection, decoded, organization
from sandbox.github.view import View
from sandbox.history import Account, Change, Deployment, History, Repository

SCHEMA_FILE = Path(__file__).with_name("schema.graphql")


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """Return the schema that the sandbox answers."""
    return build_schema(SCHEMA_FILE.read_text(encoding="utf-8"))


@lru_cache(maxsize=200)
def _checked(query: str) -> tuple[DocumentNode | None, tuple[GraphQLError, ...]]:
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, (error,)
    return document, tuple(validate(schema(), document))


class GraphApi:
    """Answers queries on a view."""

    def __init__(self, history: History, viewer: Account) -> None:
        self._viewer = viewer
        self._changes: dict[int, Change] = {}
        self._deployments: dict[int, Deployment] = {}
        for repository in history.repositories:
            self._changes.update((change.id, change) for change in repository.changes)
            self._deployments.update((item.id, item) for item in repository.deployments)

    def answer(self, view: View, query: str, variables: Mapping[str, Any], budget: Budget) -> dict[str, Any]:
        """Return the answer to a query as GitHub shapes it, errors included; its cost is taken."""
        document, errors = _checked(query)
        if document is None or errors:
            return {"errors": [_shown(error, {}) for error in errors]}
        try:
            cost = cost_of(schema(), document, variables)
        except CostError as error:
            return {"errors": [{"type": error.kind, "message": str(error)}]}
        if not budget.take(cost.points):
            message = f"API rate limit exceeded for user ID {self._viewer.id}."
            return {"errors": [{"type": "RATE_LIMITED", "message": message}]}
        roots = _Roots(self, view, cost, budget)
        result = execute(
            schema(),
            document,
            root_value=roots.fields(),
            variable_values=dict(variables),
            is_awaitable=lambda _: False,
        )
        answer: dict[str, Any] = {"data": result.data}  # type: ignore[union-attr]
        if result.errors:  # type: ignore[union-attr]
            answer["errors"] = [_shown(error, error.extensions or {}) for error in result.errors]  # type: ignore[union-attr]
        return answer

    @property
    def viewer(self) -> Account:
        """Whose token it is."""
        return self._viewer

    def find(self, view: View, node: str) -> Node | None:
        """Return the object of a node id, if it is visible."""
        kind, number = decoded(node) or ("", 0)
        repository, record = self._repository_of(kind, number)
        found = view.by_id(repository.id) if repository else None
        if found is None:
            return None
        nodes = Nodes(found)
        if kind == "Repository":
            return nodes.repository()
        if record is None or record.created_at > view.now:
            return None
        return (
            nodes.pull_request(found.state(record))
            if isinstance(record, Change)
            else nodes.deployment(record)
        )

    def _repository_of(self, kind: str, number: int) -> tuple[Repository | None, Change | Deployment | None]:
        record = {"PullRequest": self._changes, "Deployment": self._deployments}.get(kind, {}).get(number)  # type: ignore[attr-defined]
        if record is not None:
            return record.repository, record
        if kind != "Repository":
            return None, None
        repositories = {change.repository.id: change.repository for change in self._changes.values()}
        return repositories.get(number), None


class _Roots:
    """The fields of Query for one request."""

    def __init__(self, api: GraphApi, view: View, cost: Cost, budget: Budget) -> None:
        self._api = api
        self._view = view
        self._cost = cost
        self._budget = budget

    def fields(self) -> Node:
        """Return the root value."""
        return {
            "id": "Q_root",
            "node": lambda _, id: self._node(id),  # noqa: A006
            "nodes": self._nodes,
            "repository": self._repository,
            "organization": self._organization,
            "viewer": lambda _: {**(actor(self._api.viewer) or {}), "__typename": "User"},
            "rateLimit": self._rate_limit,
        }

    def _node(self, node: str) -> Node:
        found = self._api.find(self._view, node)
        if found is None:
            raise GraphQLError(
                f"Could not resolve to a node with the global id of '{node}'",
                extensions={"type": "NOT_FOUND"},
            )
        return found

    def _nodes(self, _: GraphQLResolveInfo, ids: list[str]) -> list[Node | GraphQLError]:
        found: list[Node | GraphQLError] = []
        for node in ids:
            try:
                found.append(self._node(node))
            except GraphQLError as error:
                found.append(error)
        return found

    def _repository(self, _: GraphQLResolveInfo, owner: str, name: str, **__: Any) -> Node:
        found = self._view.by_name(f"{owner}/{name}")
        if found is None:
            raise GraphQLError(
                f"Could not resolve to a Repository with the name '{owner}/{name}'.",
                extensions={"type": "NOT_FOUND"},
            )
        return Nodes(found).repository()

    def _organization(self, _: GraphQLResolveInfo, login: str) -> Node:
        repositories = [view for view in self._view.repositories if view.name.startswith(f"{login}/")]
        if not repositories:
            raise GraphQLError(
                f"Could not resolve to an Organization with the login of '{login}'.",
                extensions={"type": "NOT_FOUND"},
            )
        page = partial(connection, repositories, lambda view: Nodes(view).repository(), None)
        return {**organization(login), "repositories": page}

    def _rate_limit(self, _: GraphQLResolveInfo, **__: Any) -> Node:
        budget = self._budget
        return {
            "cost": self._cost.points,
            "nodeCount": self._cost.nodes,
            "limit": budget.limit,
            "remaining": budget.remaining,
            "used": budget.limit - budget.remaining,
            "resetAt": isoformat(budget.resets_at),
        }


def _shown(error: GraphQLError, extensions: Mapping[str, Any]) -> dict[str, Any]:
    """Return an error in GitHub's shape, which puts the type beside the message."""
    shown: dict[str, Any] = {"message": error.message}
    if error.path:
        shown["path"] = list(error.path)
    if error.locations:
        shown["locations"] = [location.formatted for location in error.locations]
    if extensions:
        shown["type"] = extensions["type"]
    return shown
