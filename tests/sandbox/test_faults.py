import http.client
import json
import urllib.error
from collections.abc import Callable
from typing import Any

import pytest

PULLS = "/repos/acme/checkout/pulls?state=all&per_page=10"
QUERY = '{ repository(owner: "acme", name: "checkout") { releases(first: 3) { nodes { id createdAt } } } }'


def switched_on(serve: Callable[..., Any], **fault: Any) -> Any:
    client = serve()
    assert client.order(faults=[fault]).status == 200
    return client


@pytest.mark.parametrize("kind", ["429", "403"])
def test_a_secondary_limit_names_the_time_to_wait(serve: Callable[..., Any], kind: str) -> None:
    answer = switched_on(serve, kind=kind, seconds=7).get(PULLS)
    assert (answer.status, answer.headers["Retry-After"]) == (int(kind), "7")
    assert "secondary rate limit" in answer.json()["message"]


@pytest.mark.parametrize("kind", ["401", "404", "451"])
def test_a_refusal_is_in_the_vendor_s_words(serve: Callable[..., Any], kind: str) -> None:
    answer = switched_on(serve, kind=kind).get(PULLS)
    assert (answer.status, answer.json()["status"]) == (int(kind), kind)


@pytest.mark.parametrize("kind", ["500", "502", "503"])
def test_a_burst_of_errors_ends_after_its_count(serve: Callable[..., Any], kind: str) -> None:
    client = switched_on(serve, kind=kind, count=2)
    assert [client.get(PULLS).status for _ in range(3)] == [int(kind), int(kind), 200]


def test_a_fault_meets_only_what_it_is_meant_for(serve: Callable[..., Any]) -> None:
    client = switched_on(serve, kind="502", match="/releases", every=2)
    assert client.get(PULLS).status == 200
    assert [client.get("/repos/acme/checkout/releases").status for _ in range(4)] == [200, 502, 200, 502]


def test_a_truncated_body_breaks_off(serve: Callable[..., Any]) -> None:
    client = switched_on(serve, kind="truncate")
    with pytest.raises((http.client.IncompleteRead, urllib.error.URLError)):
        client.get(PULLS)


def test_an_exhausted_budget_tells_its_reset(serve: Callable[..., Any]) -> None:
    answer = switched_on(serve, kind="exhausted", seconds=30).get(PULLS)
    assert (answer.status, answer.headers["X-RateLimit-Remaining"]) == (403, "0")


def test_an_html_page_may_come_in_place_of_json(serve: Callable[..., Any]) -> None:
    answer = switched_on(serve, kind="html").get(PULLS)
    assert answer.status == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_duplicates_across_pages_lose_nothing(serve: Callable[..., Any]) -> None:
    client = switched_on(serve, kind="duplicates")
    numbers = [row["number"] for page in client.pages(PULLS) for row in page]
    assert len(numbers) > len(set(numbers))
    assert sorted(set(numbers)) == list(range(1, max(numbers) + 1))


def test_drift_adds_a_field_and_breaks_a_date(serve: Callable[..., Any]) -> None:
    rows = switched_on(serve, kind="drift").get(PULLS).json()
    assert "introduced_yesterday" in rows[0]
    assert rows[0]["created_at"] == "soon"
    assert "introduced_yesterday" not in rows[1]


def test_graphql_may_answer_200_with_errors_alone(serve: Callable[..., Any]) -> None:
    answer = switched_on(serve, kind="errors").graphql(QUERY)
    assert answer["data"] is None
    assert answer["errors"]


def test_graphql_may_answer_in_part(serve: Callable[..., Any]) -> None:
    answer = switched_on(serve, kind="partial").graphql(QUERY)
    nodes = answer["data"]["repository"]["releases"]["nodes"]
    assert [node is None for node in nodes] == [False, False, True]
    assert answer["errors"][0]["path"] == ["repository", "releases", "nodes", 2]


@pytest.mark.parametrize("rule", [{"kind": "fire"}, {"kind": "502", "often": True}, {}])
def test_an_unknown_fault_is_refused(serve: Callable[..., Any], rule: dict[str, Any]) -> None:
    answer = serve().order(faults=[rule])
    assert answer.status == 400
    assert "no such fault" in answer.json()["message"]


def test_faults_can_be_looked_at_and_switched_off(serve: Callable[..., Any]) -> None:
    client = switched_on(serve, kind="502")
    client.get(PULLS)
    assert [fault["done"] for fault in client.get("/_sandbox").json()["faults"]] == [1]
    client.order(faults=[])
    assert client.get(PULLS).status == 200
