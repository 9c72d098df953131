from collections.abc import Callable
from typing import Any

import pytest

PULLS = """
query ($first: Int!, $after: String) {
  repository(owner: "acme", name: "checkout") {
    pullRequests(first: $first, after: $after, orderBy: {field: UPDATED_AT, direction: DESC}) {
      totalCount pageInfo { hasNextPage endCursor }
      nodes { id number updatedAt state isDraft mergedAt
        timelineItems(first: 100) { nodes { __typename ... on Node { id } } } }
    }
  }
  rateLimit { cost nodeCount remaining }
}
"""


def walked(client: Any, size: int) -> list[Any]:
    nodes, after = [], None
    while True:
        page = client.graphql(PULLS, first=size, after=after)["data"]["repository"]["pullRequests"]
        nodes += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return nodes
        after = page["pageInfo"]["endCursor"]


def test_pages_by_update_bring_every_pull_request_once_and_in_order(standing: Any) -> None:
    nodes = walked(standing, 20)
    assert len({node["id"] for node in nodes}) == len(nodes)
    assert [node["updatedAt"] for node in nodes] == sorted(
        (node["updatedAt"] for node in nodes), reverse=True
    )


def test_the_list_shifts_while_it_is_read(serve: Callable[..., Any]) -> None:
    client = serve()
    before = {node["id"]: node["updatedAt"] for node in walked(client, 20)}
    client.order(seconds_per_request=8 * 3600)
    after = walked(client, 20)
    moved = [node for node in after if before.get(node["id"], node["updatedAt"]) != node["updatedAt"]]
    new = client.graphql(PULLS, first=1, after=None)["data"]["repository"]["pullRequests"]["totalCount"]
    assert moved or new > len(before)


def test_state_and_timeline_agree(standing: Any) -> None:
    for node in walked(standing, 50):
        kinds = [item["__typename"] for item in node["timelineItems"]["nodes"]]
        assert (node["state"] == "MERGED") == ("MergedEvent" in kinds) == (node["mergedAt"] is not None)
        if kinds.count("ReadyForReviewEvent") > kinds.count("ConvertToDraftEvent"):
            assert not node["isDraft"]


def test_checks_of_a_head_are_the_runs_that_rest_tells(standing: Any) -> None:
    text = """{ repository(owner: "acme", name: "checkout") { pullRequest(number: 3) { headRefOid
      commits(last: 1) { nodes { commit { checkSuites(first: 50) { nodes { status workflowRun { databaseId }
        checkRuns(first: 50) { nodes { name conclusion } } } } } } } } } }"""
    pull = standing.graphql(text)["data"]["repository"]["pullRequest"]
    suites = pull["commits"]["nodes"][0]["commit"]["checkSuites"]["nodes"]
    runs = standing.get(f"/repos/acme/checkout/actions/runs?head_sha={pull['headRefOid']}").json()[
        "workflow_runs"
    ]
    assert sorted(suite["workflowRun"]["databaseId"] for suite in suites) == sorted(run["id"] for run in runs)
    assert {check["name"] for check in suites[0]["checkRuns"]["nodes"]} == {
        "lint",
        "unit",
        "integration",
        "preview",
    }


def test_cost_follows_the_published_formula(standing: Any) -> None:
    limit = standing.graphql(PULLS, first=50, after=None)["data"]["rateLimit"]
    assert (limit["cost"], limit["nodeCount"]) == (1, 50 + 50 * 100)


PARENTS = "commits(first: 100) { nodes { commit { parents(first: 100) { totalCount } } } }"


@pytest.mark.parametrize(
    ("page", "kind"),
    [("pullRequests { totalCount }", "MISSING_PAGINATION_BOUNDARIES"),
     ("pullRequests(first: 101) { totalCount }", "EXCESSIVE_PAGINATION"),
     (f"pullRequests(first: 100) {{ nodes {{ {PARENTS} }} }}", "MAX_NODE_LIMIT_EXCEEDED")],
)  # fmt: skip
def test_unbounded_and_excessive_queries_are_refused(standing: Any, page: str, kind: str) -> None:
    answer = standing.graphql(f'{{ repository(owner: "acme", name: "checkout") {{ {page} }} }}')
    assert [error["type"] for error in answer["errors"]] == [kind]


def test_a_field_that_github_does_not_have_is_an_error(standing: Any) -> None:
    answer = standing.graphql('{ repository(owner: "acme", name: "checkout") { stars } }')
    assert "Cannot query field 'stars' on type 'Repository'" in answer["errors"][0]["message"]


def test_unknown_ids_are_null_with_an_error_beside_those_that_are_found(standing: Any) -> None:
    known = standing.graphql(PULLS, first=1, after=None)["data"]["repository"]["pullRequests"]["nodes"][0][
        "id"
    ]
    answer = standing.graphql(
        "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }", ids=[known, "PR_kwDOnothing"]
    )
    assert answer["data"]["nodes"] == [{"__typename": "PullRequest", "id": known}, None]
    assert [error["type"] for error in answer["errors"]] == ["NOT_FOUND"]


def test_an_unknown_repository_is_null_with_an_error(standing: Any) -> None:
    answer = standing.graphql('{ repository(owner: "acme", name: "nothing") { id } }')
    assert (answer["data"], answer["errors"][0]["type"]) == ({"repository": None}, "NOT_FOUND")


def test_an_exhausted_budget_is_200_with_an_error(serve: Callable[..., Any]) -> None:
    client = serve(hourly_limit=1)
    client.graphql("{ viewer { login } }")
    assert client.graphql("{ viewer { login } }")["errors"][0]["type"] == "RATE_LIMITED"
