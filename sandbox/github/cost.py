"""What a GraphQL query costs, by GitHub's published rules: bounds on pages, nodes that may come, points."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_object_type,
)

MOST_NODES = 500_000
LARGEST_PAGE = 100


class CostError(ValueError):
    """A query that GitHub refuses to run; `kind` is its error type."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(slots=True)
class Cost:
    """Nodes that may come, and requests of connections that this stands for."""

    nodes: int = 0
    requests: int = 0

    @property
    def points(self) -> int:
        """Points taken from the hourly budget."""
        return max(1, round(self.requests / 100))


def cost_of(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> Cost:
    """Return the cost of a valid query; raises CostError where a page has no bound or too large a one."""
    fragments = {
        item.name.value: item for item in document.definitions if isinstance(item, FragmentDefinitionNode)
    }
    walk = _Walk(schema, fragments, variables)
    for item in document.definitions:
        if isinstance(item, OperationDefinitionNode):
            walk.selection(item.selection_set, schema.query_type, 1)
    if walk.cost.nodes > MOST_NODES:
        raise CostError(
            "MAX_NODE_LIMIT_EXCEEDED",
            f"This query requests up to {walk.cost.nodes:,} possible nodes "
            f"which exceeds the maximum limit of {MOST_NODES:,}.",
        )
    return walk.cost


class _Walk:
    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self.schema = schema
        self.fragments = fragments
        self.variables = variables
        self.cost = Cost()

    def selection(self, selection: SelectionSetNode | None, parent: Any, times: int) -> None:
        """Add what a selection may bring when its parent comes so many times."""
        for item in selection.selections if selection else ():
            if isinstance(item, FragmentSpreadNode):
                fragment = self.fragments[item.name.value]
                kind = self.schema.type_map[fragment.type_condition.name.value]
                self.selection(fragment.selection_set, kind, times)
            elif isinstance(item, InlineFragmentNode):
                name = item.type_condition.name.value if item.type_condition else parent.name
                self.selection(item.selection_set, self.schema.type_map[name], times)
            elif isinstance(item, FieldNode):
                self._field(item, parent, times)

    def _field(self, node: FieldNode, parent: Any, times: int) -> None:
        field = getattr(parent, "fields", {}).get(node.name.value)
        if field is None:
            return
        kind = get_named_type(field.type)
        below = times
        if is_object_type(kind) and kind.name.endswith("Connection"):
            self.cost.requests += times
            below = times * self._page_size(node)
            self.cost.nodes += below
        elif node.name.value == "nodes" and "ids" in field.args:
            below = times * len(self._argument(node, "ids") or ())
            self.cost.nodes += below
        self.selection(node.selection_set, kind, below)

    def _page_size(self, node: FieldNode) -> int:
        size = self._argument(node, "first")
        size = self._argument(node, "last") if size is None else size
        name = node.name.value
        if size is None:
            raise CostError(
                "MISSING_PAGINATION_BOUNDARIES",
                f"You must provide a `first` or `last` value to properly paginate the `{name}` connection.",
            )
        if not 0 <= size <= LARGEST_PAGE:
            raise CostError(
                "EXCESSIVE_PAGINATION",
                f"Requesting {size} records on the `{name}` connection "
                f"exceeds the `first` limit of {LARGEST_PAGE} records.",
            )
        return int(size)

    def _argument(self, node: FieldNode, name: str) -> Any:
        for argument in node.arguments:
            if argument.name.value == name:
                if isinstance(argument.value, VariableNode):
                    return self.variables.get(argument.value.name.value)
                if isinstance(argument.value, IntValueNode):
                    return int(argument.value.value)
                return list(getattr(argument.value, "values", ()))
        return None
