from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLSchema,
    build_schema,
    is_enum_type,
    is_input_object_type,
    is_scalar_type,
    is_specified_scalar_type,
    is_union_type,
    parse,
    specified_directives,
    validate,
)  # fmt: skip
from support.npm import GRAPHQL_SCHEMA, file_of

from sandbox.github.graph import SCHEMA_FILE, schema


@pytest.fixture(scope="module")
def published(request: pytest.FixtureRequest) -> GraphQLSchema:
    text = file_of(GRAPHQL_SCHEMA, "schema.graphql", request.config).read_text(encoding="utf-8")
    # The published text defines two fields twice, which a strict build refuses.
    return build_schema(text, assume_valid_sdl=True)


def differences(ours: GraphQLSchema, published: GraphQLSchema) -> list[str]:
    """Everything in `ours` that does not stand in `published` with the same type and nullability."""
    found = []
    for name, kind in ours.type_map.items():
        whole = published.type_map.get(name)
        if name.startswith("__") or is_specified_scalar_type(kind):
            continue
        if whole is None or type(whole) is not type(kind):
            found.append(name)
        elif is_enum_type(kind):
            found += [f"{name}.{value}" for value in kind.values if value not in whole.values]
        elif is_union_type(kind):
            members = {member.name for member in whole.types}
            found += [f"{name}: {member.name}" for member in kind.types if member.name not in members]
        elif not is_scalar_type(kind):
            found += _fields_that_differ(name, kind, whole)
    return found


def _fields_that_differ(name: str, kind: object, whole: object) -> list[str]:
    found = []
    if not is_input_object_type(kind):
        implemented = {interface.name for interface in whole.interfaces}
        found += [f"{name} implements {one.name}" for one in kind.interfaces if one.name not in implemented]
    for field_name, field in kind.fields.items():
        other = whole.fields.get(field_name)
        if other is None or str(other.type) != str(field.type):
            found.append(f"{name}.{field_name}")
            continue
        for argument_name, argument in getattr(field, "args", {}).items():
            whole_argument = other.args.get(argument_name)
            if whole_argument is None or str(whole_argument.type) != str(argument.type):
                found.append(f"{name}.{field_name}({argument_name})")
    return found


def test_the_answered_schema_is_a_part_of_the_published_one(published: GraphQLSchema) -> None:
    assert len(schema().type_map) > 80
    assert differences(schema(), published) == []


@pytest.mark.parametrize(
    ("text", "changed", "difference"),
    [("isDraft: Boolean!", "isDraft: Boolean", "PullRequest.isDraft"),
     ("  isDraft: Boolean!", "  isBeta: Boolean", "PullRequest.isBeta"),
     ("mergedAt: DateTime\n", "mergedAt: String\n", "PullRequest.mergedAt"),
     ("  CHANGES_REQUESTED\n", "  CHANGES_WANTED\n", "PullRequestReviewDecision.CHANGES_WANTED")],
)  # fmt: skip
def test_a_field_of_our_own_invention_is_found(
    published: GraphQLSchema, text: str, changed: str, difference: str
) -> None:
    ours = SCHEMA_FILE.read_text(encoding="utf-8")
    assert text in ours
    assert difference in differences(build_schema(ours.replace(text, changed)), published)


def operations(module: Any) -> Iterator[str]:
    """Every operation that a module of queries holds: its texts, and what its functions make by default."""
    for name, value in vars(module).items():
        if not name.startswith("_") and isinstance(value, str) and value.lstrip().startswith("query"):
            yield value
    yield module.pull_requests()
    yield from (module.more_nested(connection) for connection in module.NESTED)


def test_the_connector_s_queries_are_valid_in_both(published: GraphQLSchema) -> None:
    texts = list(operations(pytest.importorskip("ingestion.connectors.github.queries")))
    assert len(texts) > 5
    for text in texts:
        assert validate(published, parse(text)) == []
        assert validate(schema(), parse(text)) == []


def test_only_the_directives_of_every_server_are_used() -> None:
    assert {directive.name for directive in schema().directives} == {one.name for one in specified_directives}
