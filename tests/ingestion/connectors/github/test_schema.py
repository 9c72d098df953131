"""Every query against GitHub's published schema: what the fake answers must exist at GitHub."""

from __future__ import annotations

import tarfile
from itertools import combinations

import graphql
import pytest
from support.replay import published_schema

from ingestion.connectors.github import queries

QUERIES = {
    "pull requests": queries.pull_requests(),
    "deployment statuses": queries.DEPLOYMENT_STATUSES,
    "more deployment statuses": queries.MORE_DEPLOYMENT_STATUSES,
    "releases": queries.RELEASES,
    "issues": queries.ISSUES,
    "more issue events": queries.MORE_ISSUE_EVENTS,
    "rules": queries.DEFAULT_BRANCH_RULES,
    **{f"more {connection}": queries.more_nested(connection) for connection in queries.NESTED},
    **{
        f"pull requests without {' and '.join(parts)}": queries.pull_requests(parts)
        for count in (1, 2, len(queries.OPTIONAL_PARTS))
        for parts in combinations(queries.OPTIONAL_PARTS, count)
    },
}


@pytest.fixture(scope="module")
def schema() -> graphql.GraphQLSchema:
    with tarfile.open(published_schema()) as package:
        file = package.extractfile("package/schema.graphql")
        assert file is not None
        return graphql.build_schema(file.read().decode(), assume_valid=True)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_is_valid(schema: graphql.GraphQLSchema, name: str) -> None:
    errors = graphql.validate(schema, graphql.parse(QUERIES[name]))
    assert [error.message for error in errors] == []


def test_a_misspelt_field_would_be_found(schema: graphql.GraphQLSchema) -> None:
    wrong = queries.RELEASES.replace("tagName", "tagNames")
    assert graphql.validate(schema, graphql.parse(wrong))


@pytest.mark.parametrize("kind", queries.TIMELINE_TYPES)
def test_each_kind_of_event_asked_for_has_its_fields(kind: str) -> None:
    name = "".join(word.capitalize() for word in kind.split("_"))
    assert f"... on {name} {{" in queries.pull_requests()
