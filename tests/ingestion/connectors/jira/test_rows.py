"""What becomes of Jira's payloads: instants in three notations, fields that are kept, addresses."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from ingestion.connectors.jira.paging import TokenPaginator
from ingestion.connectors.jira.rows import (
    Accounts,
    change_rows,
    former_keys,
    instant,
    issue_row,
    link_row,
    tells_of_links,
)
from ingestion.connectors.jira.tables import ISSUES
from ingestion.http import MalformedResponseError
from ingestion.identity import EmailHasher
from ingestion.rows import RowChecker

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def accounts() -> Accounts:
    return Accounts(EmailHasher(b"key"))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (1772366400000, NOON),
        (1772366400, NOON),
        ("2026-03-01T12:00:00.000+0000", "2026-03-01T12:00:00.000+0000"),
        (True, True),
        (None, None),
    ],
)
def test_instants_of_change_logs(told: Any, expected: Any) -> None:
    assert instant(told) == expected


def test_prose_of_a_change_log_is_left_out(accounts: Accounts) -> None:
    item = {"field": "description", "fieldId": "description", "fromString": "old words", "toString": "new"}
    entry = {"id": "1", "created": 1772366400000, "items": [item, {"field": "Rank", "to": ""}]}
    assert list(change_rows("5", entry, accounts)) == []


def test_three_names_of_the_parent_and_the_sprint_of_any_site(accounts: Accounts) -> None:
    items = [
        {"field": "Parent", "from": None, "to": "7", "toString": "A-7"},
        {"field": "Epic Link", "fieldId": "customfield_10014", "from": "7", "to": "8", "toString": "A-8"},
        {"field": "IssueParentAssociation", "from": "8", "to": "", "toString": ""},
        {"field": "Sprint", "fieldId": "customfield_10999", "from": "", "to": "3, 4", "toString": "One, Two"},
    ]
    rows = [
        row
        for number, item in enumerate(items)
        for row in change_rows("5", {"id": str(number), "created": 1772366400000, "items": [item]}, accounts)
    ]
    assert [(row["field"], row["from_value"], row["to_value"]) for row in rows] == [
        ("parent", None, "7"),
        ("parent", "7", "8"),
        ("parent", "8", None),
        ("sprint", None, "3, 4"),
    ]


@pytest.mark.parametrize("name", ["RemoteIssueLink", "RemoteWorkItemLink"])
def test_moves_and_links_are_told_by_the_change_log(name: str) -> None:
    moved = {"items": [{"field": "Key", "fromString": "OLD-1", "toString": "NEW-9"}]}
    linked = {"items": [{"field": name, "to": "10042"}]}
    assert (former_keys(moved), former_keys(linked)) == (["OLD-1"], [])
    assert (tells_of_links(moved), tells_of_links(linked)) == (False, True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://github.com/acme/checkout/pull/17", ("acme/checkout", 17)),
        ("https://github.com/acme/checkout/pull/17/files#diff", ("acme/checkout", 17)),
        ("https://gitlab.com/acme/web/shop/-/merge_requests/1195", ("acme/web/shop", 1195)),
        ("https://gitlab.com/acme/shop/merge_requests/5?tab=notes", ("acme/shop", 5)),
        ("https://gitlab.com/acme/shop/-/issues/5", None),
        ("https://github.com/acme/checkout/pull/17-and-more", None),
        ("https://acme.atlassian.net/wiki/pages/viewpage.action?pageId=1", None),
        (None, None),
    ],
)
def test_addresses_of_changes(url: str | None, expected: tuple[str, int] | None) -> None:
    row = link_row("5", {"id": 1, "object": {"url": url, "title": "words"}})
    assert (row and (row["repository"], row["number"])) == expected


def test_values_of_another_shape_are_refused_by_the_rows_check(accounts: Accounts) -> None:
    fields: dict[str, Any] = {
        "created": "2026-03-01T12:00:00.000+0000",
        "updated": "2026-03-01T12:00:00.000+0000",
        "project": {"id": "1"},
        "status": "Done",
        "assignee": "Ada",
    }
    row = issue_row({"id": "5", "key": "A-5", "fields": fields}, accounts)
    assert RowChecker(ISSUES).check(row).broken == (
        "status_id: expected text, got dict",
        "status_name: expected text, got dict",
        "status_category: expected text, got dict",
        "assignee_id: expected text, got dict",
    )
    assert accounts.take().rows == []


def test_a_page_that_promises_more_without_a_token_is_an_error() -> None:
    class Answer:
        def __init__(self, content: dict[str, Any]) -> None:
            self.json = lambda: content

    paginator = TokenPaginator()
    for content, has_next in (({"isLast": True}, False), ({}, False), ({"nextPageToken": "t"}, True)):
        paginator.update_state(Answer(content))  # type: ignore[arg-type]
        assert paginator.has_next_page is has_next
    with pytest.raises(MalformedResponseError, match="no token"):
        paginator.update_state(Answer({"isLast": False}))  # type: ignore[arg-type]
