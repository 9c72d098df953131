"""Walks over a small Jira: what is read, from where on it is read again, and what ends a walk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from support.jira import NOW, SmallJira, at

from ingestion.connectors.jira import issues, search
from ingestion.connectors.jira.search import changed_since
from ingestion.http import AccessDeniedError, MalformedResponseError, NotFoundError, RejectedRequestError

Walkers = Callable[..., Any]
ADA, BOB = "5f0000000000000000000001", "5f0000000000000000000002"


def test_an_issue_with_all_that_is_kept_of_it(walker: Walkers) -> None:
    walked = walker().walk()
    (issue,) = [row for row in walked.rows("issues") if row["id"] == "101"]
    assert issue == {
        "id": "101",
        "key": "CHEC-1",
        "project_id": "10000",
        "issue_type_id": "10001",
        "status_id": "10002",
        "status_name": "Done",
        "status_category": "done",
        "resolution_id": "10000",
        "resolution_name": "Done",
        "parent_id": None,
        "creator_id": ADA,
        "reporter_id": ADA,
        "assignee_id": BOB,
        "due_on": "2026-01-31",
        "created_at": "2026-01-06T01:00:00.000-0800",
        "updated_at": "2026-01-12T01:00:00.000-0800",
        "resolved_at": "2026-01-12T01:00:00.000-0800",
    }
    changes = [row for row in walked.rows("issue_changes") if row["issue_id"] == "101"]
    assert [(row["field"], row["from_value"], row["to_value"]) for row in changes] == [
        ("status", "10000", "10001"),
        ("assignee", None, BOB),
        ("status", "10001", "3"),
        ("sprint", None, "1000"),
        ("status", "3", "10002"),
    ]
    assert changes[1]["from_name"] is changes[1]["to_name"] is None
    assert {row["occurred_at"] for row in changes[1:4]} == {datetime(2026, 1, 8, 9, tzinfo=UTC)}
    assert {row["actor_id"] for row in changes} == {BOB}


def test_the_small_lists(walker: Walkers) -> None:
    walked = walker().walk()
    categories = {row["name"]: row["category"] for row in walked.rows("statuses")}
    assert categories["In Progress"] == "indeterminate"
    assert {row["untranslated_name"] for row in walked.rows("issue_types")} == {"Story", "Bug", "Task"}
    assert {(row["id"], row["key"]) for row in walked.rows("projects")} == {
        ("10000", "CHEC"),
        ("10001", "PAY"),
    }
    assert [(row["id"], row["type"]) for row in walked.rows("boards")] == [("1", "scrum"), ("2", "kanban")]
    assert [row["state"] for row in walked.rows("sprints")] == ["closed", "active", "future"]


def test_no_prose_is_asked_for_and_addresses_are_hashed(walker: Walkers, jira: SmallJira) -> None:
    walked = walker().walk()
    assert all("summary" not in body["fields"] for body in jira.bodies())
    accounts = {row["display_name"]: row["email_hash"] for row in walked.rows("accounts")}
    assert accounts["bob"] is None
    assert accounts["ada"] == walked.extraction.hash_email("ada@acme.example")
    kept = str(walked.pages)
    assert "feature CHEC-1" not in kept
    assert "Mend the cart" not in kept
    assert "@" not in kept


def test_links_are_asked_for_only_where_the_change_log_tells_of_any(walker: Walkers, jira: SmallJira) -> None:
    walked = walker().walk()
    assert [request.path for request in jira.requests if request.path.endswith("/remotelink")] == [
        "/rest/api/3/issue/101/remotelink"
    ]
    assert walked.rows("change_links") == [
        {"issue_id": "101", "id": "8", "repository": "acme/checkout", "number": 17}
    ]
    assert walker(without=["links"]).walk().rows("change_links") == []


def test_pages_that_are_shorter_than_asked_for_are_not_the_last(
    walker: Walkers, jira: SmallJira, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "ISSUES_AT_ONCE", 3)
    monkeypatch.setattr(issues, "_ENTRIES_AT_ONCE", 2)
    assert walker().walk().ids() == {str(ticket.id) for ticket in jira.tickets}
    sizes = [body["maxResults"] for body in jira.bodies() if body["fields"] != ["id"]]
    assert len(sizes) > len(jira.tickets) / 3 + 1
    tokens = [body.get("nextPageToken") for body in jira.bodies("/changelog/bulkfetch")]
    assert any(tokens)


def test_the_next_walk_reads_what_changed_by_the_clock_of_the_profile(
    walker: Walkers, jira: SmallJira
) -> None:
    walking = walker()
    walking.walk()
    jira.clock.move_to(at(1, 8, month=2))
    jira.move(jira.ticket("PAY-1"), "Ready", at(1, 7, 30, month=2))
    again = walking.walk(NOW + timedelta(hours=2))
    # Of each project the last update less two hours, in Los Angeles: 17 January 9:00 UTC is 1:00 there.
    assert [body["jql"] for body in jira.bodies() if body["fields"] != ["id"]] == [
        'project = "CHEC" AND updated >= "2026-01-16 23:00" ORDER BY created ASC',
        'project = "PAY" AND updated >= "2026-01-07 23:00" ORDER BY created ASC',
    ]
    assert again.ids() == {"103", "108"}
    assert walking.walk(NOW + timedelta(hours=3)).ids() == {"103", "108"}
    assert '"2026-01-31 21:30"' in jira.bodies()[1]["jql"]


def test_the_cursor_stays_behind_the_start_of_its_walk(walker: Walkers, jira: SmallJira) -> None:
    """What was updated later may have been read before that update."""
    jira.clock.move_to(at(1, 8, month=2))
    jira.move(jira.ticket("PAY-1"), "Ready", at(1, 7, 30, month=2))
    walking = walker()
    walking.walk(datetime(2026, 2, 1, 7, tzinfo=UTC))
    assert walking.state["projects"]["PAY"]["updated_through"] == "2026-02-01T07:00:00+00:00"


def test_since_reads_further_back_and_never_less(walker: Walkers, jira: SmallJira) -> None:
    walking = walker(projects=["CHEC"])
    walking.walk()
    walking.walk(since=datetime(2026, 1, 8, 12, tzinfo=UTC))
    assert '"2026-01-08 04:00"' in jira.bodies()[0]["jql"]
    walking.walk(since=datetime(2026, 1, 31, tzinfo=UTC))
    assert '"2026-01-16 23:00"' in jira.bodies()[0]["jql"]


def test_a_walk_since_an_instant_makes_no_project_whole(walker: Walkers) -> None:
    walked = walker().walk(since=datetime(2026, 1, 10, tzinfo=UTC))
    assert len(walked.ids()) == 6
    assert not walked.extraction.source_counts


@pytest.mark.parametrize(
    ("zone", "since", "expected"),
    [
        ("UTC", "2026-03-01T10:59:59+00:00", "2026-03-01 10:59"),
        ("Asia/Kolkata", "2026-03-01T10:00:00+00:00", "2026-03-01 15:30"),
        ("Europe/Berlin", "2026-10-25T00:30:00+00:00", "2026-10-25 02:30"),
        ("Europe/Berlin", "2026-10-25T01:30:00+00:00", "2026-10-25 02:30"),
    ],
)
def test_instants_are_cut_to_the_minute_in_the_zone(zone: str, since: str, expected: str) -> None:
    jql = changed_since("CHEC", datetime.fromisoformat(since), ZoneInfo(zone))
    assert jql == f'project = "CHEC" AND updated >= "{expected}"'
    assert timedelta(hours=1) < search.OVERLAP, "an hour is lost where the zone has the minute twice"


def test_a_project_that_is_added_later_is_read_whole(walker: Walkers, jira: SmallJira) -> None:
    walking = walker(projects=["CHEC"])
    walking.walk()
    walking.changes = {"projects": ["CHEC", "PAY"]}
    assert "103" in walking.walk().ids()
    assert 'project = "PAY" ORDER BY created ASC' in [body["jql"] for body in jira.bodies()]


def test_without_projects_all_that_are_visible_are_read(walker: Walkers, jira: SmallJira) -> None:
    assert len(walker(projects=[]).walk().ids()) == len(jira.tickets)
    assert {body["jql"].split(" ORDER")[0] for body in jira.bodies()} == {
        'project = "10000"',
        'project = "10001"',
    }


def test_a_moved_issue_keeps_its_id_and_its_former_key(walker: Walkers, jira: SmallJira) -> None:
    walking = walker()
    before = walking.walk()
    ticket = jira.ticket("CHEC-2")
    ticket.key, ticket.team = "PAY-2", "pay"
    jira.clock.move_to(at(2, month=2))
    jira.move(ticket, "Ready", at(1, 12, month=2))
    after = walking.walk(NOW + timedelta(days=1))
    (row,) = [row for row in after.rows("issues") if row["id"] == "102"]
    assert (row["key"], row["project_id"]) == ("PAY-2", "10001")
    keys = [
        row["key"]
        for row in (*before.rows("issue_keys"), *after.rows("issue_keys"))
        if row["issue_id"] == "102"
    ]
    assert keys == ["CHEC-2", "PAY-2"]


def test_tokens_that_loop_end_the_walk(
    walker: Walkers, jira: SmallJira, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "ISSUES_AT_ONCE", 3)
    jira.fail("loop", "search/jql")
    with pytest.raises(MalformedResponseError, match="leads in a circle"):
        walker().walk()


def test_tokens_without_end_end_the_walk(walker: Walkers, jira: SmallJira) -> None:
    jira.fail("endless", "search/jql")
    walking = walker()
    with pytest.raises(MalformedResponseError, match="11 pages of a search in a row brought no new issue"):
        walking.walk()
    assert not any("updated_through" in project for project in walking.state["projects"].values())


def test_pages_that_repeat_an_issue_are_read_to_the_end(
    walker: Walkers, jira: SmallJira, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "ISSUES_AT_ONCE", 3)
    jira.fail("duplicates", "search/jql")
    assert walker().walk().ids() == {str(ticket.id) for ticket in jira.tickets}


def test_limits_are_waited_for_as_long_as_they_say(walker: Walkers, jira: SmallJira) -> None:
    jira.fail("429", "search/jql", count=1, seconds=7)
    walking = walker()
    assert len(walking.walk().ids()) == len(jira.tickets)
    assert len(walking.waited) == 1
    assert 7 <= walking.waited[0] <= 8.5


def test_a_project_that_is_not_visible_ends_the_walk_with_jiras_own_words(walker: Walkers) -> None:
    with pytest.raises(RejectedRequestError, match="'HIDDEN' does not exist for the field 'project'"):
        walker(projects=["CHEC", "HIDDEN"]).walk()


def test_a_refused_change_log_ends_the_walk(walker: Walkers, jira: SmallJira) -> None:
    jira.fail("403", "changelog")
    with pytest.raises(AccessDeniedError):
        walker().walk()


def test_links_of_an_issue_that_was_deleted_meanwhile_are_none(walker: Walkers, jira: SmallJira) -> None:
    jira.fail("404", "remotelink")
    walked = walker().walk()
    assert walked.rows("change_links") == []
    assert "101" in walked.ids()


def test_boards_are_read_once_a_day_and_may_be_left_out(walker: Walkers, jira: SmallJira) -> None:
    walking = walker()
    walking.walk()
    assert walking.walk(NOW + timedelta(hours=23)).rows("boards") == []
    assert len(walking.walk(NOW + timedelta(hours=24)).rows("boards")) == 2
    jira.fail("404", "agile")
    with pytest.raises(NotFoundError):
        walker().walk()
    assert walker(without=["boards"]).walk().rows("sprints") == []


def test_all_ids_are_read_where_a_project_changed_and_weekly(walker: Walkers, jira: SmallJira) -> None:
    walking = walker()
    first = walking.walk()
    assert {row["issue_id"] for row in first.rows("standing_issues")} == first.ids()
    assert first.extraction.source_counts["issues", ""].count == len(first.ids())
    jira.tickets.remove(jira.ticket("CHEC-5"))
    jira.clock.move_to(at(2, month=2))
    assert walking.walk(NOW + timedelta(days=1)).rows("reconciliations") == []
    jira.move(jira.ticket("CHEC-6"), "Ready", at(1, 12, month=2))
    later = walking.walk(NOW + timedelta(days=2))
    assert later.rows("reconciliations") == [
        {"project_id": "10000", "reconciled_at": NOW + timedelta(days=2)}
    ]
    assert {row["issue_id"] for row in later.rows("standing_issues")} == first.ids() - {"103", "106"}
    assert [page.parents for page in later.pages if page.table == "standing_issues"] == [[("10000",)]]
    assert not later.extraction.source_counts
    weekly = walking.walk(NOW + timedelta(days=7))
    assert [row["project_id"] for row in weekly.rows("reconciliations")] == ["10001"]


def test_a_project_without_any_issue_says_nothing_of_deletions(walker: Walkers, jira: SmallJira) -> None:
    walking = walker()
    walking.walk()
    jira.tickets.remove(jira.ticket("PAY-1"))
    jira.add(200, "PAY-2", "bug", at(1, month=12))
    walked = walking.walk(NOW + timedelta(days=8))
    assert {row["project_id"] for row in walked.rows("reconciliations")} == {"10000"}


def test_what_a_shifting_list_hid_from_a_whole_walk_is_read_by_its_id(
    walker: Walkers, jira: SmallJira, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first search does not show CHEC-2, as when an issue before it was deleted while it was read."""
    honest = issues.found

    def shifted(extraction: Any, jql: str, fields: Any, order: Any = "ASC") -> Any:
        for page in honest(extraction, jql, fields, order):
            hides = jql == 'project = "CHEC"' and fields != ("id",)
            yield [issue for issue in page if not (hides and issue["id"] == "102")]

    monkeypatch.setattr(issues, "found", shifted)
    assert "102" in walker().walk().ids()
    assert "id in (102) ORDER BY created ASC" in [body["jql"] for body in jira.bodies()]


def test_an_id_that_one_direction_of_reading_missed_stands_by_the_other(
    walker: Walkers, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = issues.found

    def shifted(extraction: Any, jql: str, fields: Any, order: Any = "ASC") -> Any:
        for page in honest(extraction, jql, fields, order):
            hides = fields == ("id",) and order == "ASC"
            yield [issue for issue in page if not (hides and issue["id"] == "102")]

    monkeypatch.setattr(issues, "found", shifted)
    assert "102" in {row["issue_id"] for row in walker().walk().rows("standing_issues")}
