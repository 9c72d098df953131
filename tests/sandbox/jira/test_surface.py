"""What Jira refuses and how it pages, limits and fails, asked over a few tickets made by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from support.jira import TOKEN, SmallJira, answer, at

from sandbox.http import Request

SEARCH = "/rest/api/3/search/jql"


@pytest.fixture
def jira() -> Iterator[SmallJira]:
    with SmallJira().running() as running:
        yield running


def keys(jira: SmallJira, jql: str) -> list[str]:
    status, content = answer(jira, SEARCH, {"jql": jql, "fields": ["status"], "maxResults": 100})
    assert status == 200, content
    return [issue["key"] for issue in content["issues"]]


@pytest.mark.parametrize(
    ("jql", "expected"),
    [
        ("project = CHEC AND created < '2026-01-12'", ["CHEC-1", "CHEC-2"]),
        ("project in (PAY, 10001)", ["PAY-1"]),
        ("project != CHEC", ["PAY-1"]),
        ("status = Done OR", []),
        ("id in (101, 103) ORDER BY created DESC", ["PAY-1", "CHEC-1"]),
        ("key in (PAY-1, CHEC-1) ORDER BY key ASC", ["CHEC-1", "PAY-1"]),
        # 12 January 9:00 UTC is 1:00 in the profile's zone.
        ('id in (101) AND updated >= "2026-01-12 01:00"', ["CHEC-1"]),
        ('id in (101) AND updated >= "2026-01-12 01:01"', []),
    ],
)
def test_searches(jira: SmallJira, jql: str, expected: list[str]) -> None:
    found = keys(jira, jql)
    assert (found if "ORDER" in jql else sorted(found)) == expected


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("", "Unbounded JQL"),
        ("ORDER BY created ASC", "Unbounded JQL"),
        ("project = NONE", "The value 'NONE' does not exist for the field 'project'."),
        ("id in (101, 9)", "An issue with key '9' does not exist"),
        ("updated >= yesterday", "Date value 'yesterday' for field 'updated' is invalid."),
        ("summary ~ words", "Expecting operator"),
        ("assignee = ada", "Field 'assignee' does not exist"),
        ("project = PAY ORDER BY rank", "Not able to sort using field 'rank'"),
    ],
)
def test_searches_that_are_refused(jira: SmallJira, jql: str, message: str) -> None:
    status, content = answer(jira, SEARCH, {"jql": jql})
    assert status == 400
    assert message in content["errorMessages"][0]


def test_the_old_search_is_gone(jira: SmallJira) -> None:
    assert answer(jira, "/rest/api/3/search", {"jql": "project = PAY"})[0] == 410


def test_issues_are_ids_alone_unless_fields_are_asked_for(jira: SmallJira) -> None:
    _, content = answer(jira, SEARCH, {"jql": "project = PAY"})
    assert content == {"issues": [{"id": "103"}], "isLast": True}


def test_every_second_page_is_short_and_tokens_are_bound_to_their_query(jira: SmallJira) -> None:
    asked: dict[str, Any] = {
        "jql": "project = CHEC ORDER BY created ASC",
        "maxResults": 3,
        "fields": ["status"],
    }
    sizes, token = [], None
    while True:
        _, content = answer(jira, SEARCH, {**asked, **({"nextPageToken": token} if token else {})})
        sizes.append(len(content["issues"]))
        if content["isLast"]:
            break
        token = content["nextPageToken"]
    assert sizes == [3, 2, 2]
    status, content = answer(jira, SEARCH, {**asked, "fields": ["project"], "nextPageToken": token})
    assert (status, content["errorMessages"]) == (
        400,
        ["The provided next page token is invalid or has expired."],
    )


def test_change_logs_are_paged_in_milliseconds_and_narrowed_by_field(jira: SmallJira) -> None:
    asked = {"issueIdsOrKeys": ["101", "CHEC-2"], "maxResults": 3}
    path = "/rest/api/3/changelog/bulkfetch"
    _, first = answer(jira, path, asked)
    _, second = answer(jira, path, {**asked, "nextPageToken": first["nextPageToken"]})
    assert "nextPageToken" not in second
    entries = [
        (log["issueId"], entry["created"])
        for page in (first, second)
        for log in page["issueChangeLogs"]
        for entry in log["changeHistories"]
    ]
    assert sorted(entries, key=lambda pair: pair[1])[0] == ("101", at(7) * 1000)
    assert len(entries) == 5
    _, narrowed = answer(jira, path, {"issueIdsOrKeys": ["101"], "fieldIds": ["assignee"]})
    (log,) = narrowed["issueChangeLogs"]
    assert [item["field"] for entry in log["changeHistories"] for item in entry["items"]] == ["assignee"]
    assert answer(jira, path, {"issueIdsOrKeys": []})[0] == 400
    assert answer(jira, path, {"issueIdsOrKeys": ["101"], "fieldIds": [str(n) for n in range(11)]})[0] == 400


def test_limits_name_their_reason_and_the_time_to_wait(jira: SmallJira) -> None:
    for kind, reason in (("429", "jira-burst-based"), ("exhausted", "jira-quota-global-based")):
        jira.fail(kind, seconds=9)
        request = Request("GET", "/rest/api/3/myself", {}, {"authorization": f"Bearer {TOKEN}"})
        response = jira.jira.surface(request)
        assert (response.status, response.headers["RateLimit-Reason"]) == (429, reason)
        assert response.headers["Retry-After"] == "9"
        assert response.headers["X-RateLimit-Remaining"] == "0"


def test_a_wrong_token_and_an_unknown_path_are_refused_in_jiras_shape(jira: SmallJira) -> None:
    for path, token, status in (("/rest/api/3/myself", "wrong", 401), ("/rest/api/3/nothing", TOKEN, 404)):
        response = jira.jira.surface(Request("GET", path, {}, {"authorization": f"Bearer {token}"}))
        assert response.status == status
        assert json.loads(response.body)["errorMessages"]


def test_issues_change_as_the_clock_moves_and_their_entries_keep_their_ids(jira: SmallJira) -> None:
    def entries() -> list[str]:
        _, page = answer(jira, "/rest/api/3/changelog/bulkfetch", {"issueIdsOrKeys": ["CHEC-1"]})
        return [entry["id"] for log in page["issueChangeLogs"] for entry in log["changeHistories"]]

    before = entries()
    jira.move(jira.ticket("CHEC-1"), "Ready", at(3, month=2))
    assert entries() == before
    jira.clock.move_to(at(4, month=2))
    assert entries()[:-1] == before
    assert keys(jira, 'id in (101) AND updated >= "2026-02-02"') == ["CHEC-1"]
