"""Pull requests: what becomes of them, what it costs, and what goes wrong on the way."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from support.github import FakeGitHub

from ingestion.http import GraphQLError, HttpError

Make = Callable[..., Any]
NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)


def many(fake: FakeGitHub, count: int) -> None:
    """Put that many pull requests into acme/checkout, a minute apart, all of them closed."""
    pattern = fake.pull_request(8)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    rows = []
    for number in range(1, count + 1):
        at = (start + timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = {**pattern, "number": number, "id": 900000 + number, "updated_at": at, "created_at": at}
        rows.append(
            {**row, "timeline": [{**event, "id": f"{number}-{event['id']}"} for event in row["timeline"]]}
        )
    fake.repository()["pull_requests"] = rows


def quiet(walker: Make) -> Any:
    """A walker that reads pull requests and nothing else."""
    return walker(without=["actions", "deployments", "releases", "activity"])


def test_first_load_of_a_thousand_costs_at_most_45_graphql_requests(fake: FakeGitHub, walker: Make) -> None:
    many(fake, 1000)
    walked = walker().walk()
    assert len(walked.rows("pull_requests")) == 1000
    assert walked.requests["graphql"] <= 45


@pytest.mark.parametrize("settings", [{"repositories": ["acme/checkout"]}, {"organization": "acme"}])
def test_a_sync_without_news_costs_six_requests_and_one_for_the_open(walker: Make, settings: Any) -> None:
    walking = walker(**settings)
    walking.walk()
    again = walking.walk()
    repositories = len(again.rows("repositories"))
    open_lists, waiting_deployments, unfinished_runs = repositories, 1, 1
    allowed = 6 * repositories + open_lists + waiting_deployments + unfinished_runs
    assert sum(again.requests.values()) <= allowed
    assert sum(again.requests.values()) == len(again.new)


def test_a_pull_request_becomes_its_row(fake: FakeGitHub, walker: Make) -> None:
    row = quiet(walker).walk().row("pull_requests", number=1)
    assert row == {
        "id": "50101",
        "node_id": "PR_50101",
        "repository_id": "501",
        "number": 1,
        "title_marker": "fixes #71",
        "state": "MERGED",
        "is_draft": False,
        "author_id": "101",
        "created_at": "2026-09-01T09:00:00Z",
        "updated_at": "2026-09-01T12:00:00Z",
        "merged_at": "2026-09-01T12:00:00Z",
        "closed_at": "2026-09-01T12:00:00Z",
        "merged_by_id": "101",
        "base_branch": "main",
        "head_branch": "alice/cart",
        "head_sha": fake.shas["c1b"],
        "merge_sha": fake.shas["c1m"],
        "additions": 20,
        "deletions": 4,
        "changed_file_count": 2,
        "review_decision": "APPROVED",
        "mergeable": None,
        "commit_count": 2,
        "reverts_sha": None,
        "reverts_number": None,
        "assistant_markers": None,
    }


def test_nothing_of_the_prose_is_in_any_row(walker: Make) -> None:
    walked = walker().walk()
    told = json.dumps([[page.table, list(page.rows)] for page in walked.pages], default=str)
    for prose in (
        "Loyalty points",
        "Adds points",
        "Generated with",
        "@acme.example",
        "users.noreply",
        "Co-Authored",
    ):
        assert prose not in told


def test_reviews_keep_submission_time_verdict_and_commit_and_pending_ones_are_dropped(
    fake: FakeGitHub, walker: Make
) -> None:
    walked = quiet(walker).walk()
    (review,) = [
        row
        for row in walked.rows("pull_request_timeline")
        if row["pull_request_id"] == "50116" and row["type"] == "PullRequestReview"
    ]
    assert (review["occurred_at"], review["review_state"]) == ("2026-09-11T11:00:00Z", "CHANGES_REQUESTED")
    assert (review["actor_id"], review["sha"]) == ("102", fake.shas["c16a"])


def test_review_comments_are_events_of_their_own_only_where_their_review_is_not_in_the_timeline(
    fake: FakeGitHub, walker: Make
) -> None:
    pull_request = fake.pull_request(5)
    told = next(item["id"] for item in pull_request["timeline"] if item["type"] == "PullRequestReview")
    at = "2026-09-20T10:00:00Z"
    pull_request["review_threads"] = [
        [
            {"id": f"PRRC_{thread}{review}", "created_at": at, "author": "bob", "review": review}
            for review in (told, None, "PRR_gone")
        ]
        for thread in range(12)
    ]
    events = quiet(walker).walk().rows("pull_request_timeline")
    comments = [row for row in events if row["type"] == "PullRequestReviewComment"]
    assert sorted((row["id"], row["review_id"]) for row in comments) == sorted(
        (f"PRRC_{thread}{review}", review) for thread in range(12) for review in (None, "PRR_gone")
    )


def test_a_dismissal_names_the_review_its_author_and_the_verdict_before(walker: Make) -> None:
    event = quiet(walker).walk().row("pull_request_timeline", type="ReviewDismissedEvent")
    assert (event["review_id"], event["subject_id"], event["detail"]) == ("E_501_6_2", "102", "APPROVED")


def test_a_force_push_has_both_heads(fake: FakeGitHub, walker: Make) -> None:
    event = quiet(walker).walk().row("pull_request_timeline", type="HeadRefForcePushedEvent")
    assert (event["before_sha"], event["sha"]) == (fake.shas["c7a"], fake.shas["c7b"])


def test_requests_name_the_person_or_the_team(walker: Make) -> None:
    events = [
        row for row in quiet(walker).walk().rows("pull_request_timeline") if row["pull_request_id"] == "50111"
    ]
    asked = [
        (row["type"], row["subject_id"], row["subject_team"]) for row in events if "Request" in row["type"]
    ][:3]
    assert asked == [
        ("ReviewRequestedEvent", None, "acme/payments"),
        ("ReviewRequestedEvent", "101", None),
        ("ReviewRequestRemovedEvent", "101", None),
    ]


def test_leaving_the_merge_queue_has_its_reason_and_a_new_base_both_branches(walker: Make) -> None:
    walked = quiet(walker).walk()
    assert walked.row("pull_request_timeline", type="RemovedFromMergeQueueEvent")["detail"] == "failed_checks"
    assert walked.row("pull_request_timeline", type="BaseRefChangedEvent")["detail"] == "release/1.x..main"


def test_a_revert_names_what_it_reverts(fake: FakeGitHub, walker: Make) -> None:
    row = quiet(walker).walk().row("pull_requests", number=10)
    assert (row["title_marker"], row["reverts_number"]) == ("Revert #9", 9)
    assert row["reverts_sha"] == fake.shas["c9m"]


def test_assistants_are_seen_in_author_trailers_body_and_branch(walker: Make) -> None:
    walked = quiet(walker).walk()
    assert walked.row("pull_requests", number=15)["assistant_markers"] == "author:copilot,branch:copilot"
    assert (
        walked.row("pull_requests", number=9)["assistant_markers"]
        == "trailer:claude_code,body:claude_code,branch:claude_code"
    )
    assert walked.row("pull_requests", number=4)["assistant_markers"] is None


def test_apps_have_one_login_in_rest_and_graphql(walker: Make) -> None:
    accounts = {row["id"]: row for row in walker().walk().rows("accounts")}
    assert accounts["198982749"] == {"id": "198982749", "login": "copilot-swe-agent[bot]", "type": "Bot"}
    assert accounts["49699333"]["login"] == "dependabot[bot]"


def test_a_deleted_author_is_null(walker: Make) -> None:
    assert quiet(walker).walk().row("pull_requests", number=18)["author_id"] is None


def test_nested_lists_that_overflow_are_read_to_their_end(fake: FakeGitHub, walker: Make) -> None:
    row = fake.pull_request(8)
    row["timeline"] = [
        {"id": f"C{number}", "type": "IssueComment", "created_at": "2026-09-08T09:00:00Z", "author": "bob"}
        for number in range(230)
    ]
    row["files"] = [{"path": f"file-{number}", "additions": 1, "deletions": 0} for number in range(101)]
    row["closing_issues"] = [
        {"id": number, "number": number, "repository": "acme/search"} for number in range(150)
    ]
    commits = fake.repository()["commits"]
    for number in range(120):
        commits.append({**commits[0], "sha": f"{number:040x}"})
    row["commits"] = [f"{number:040x}" for number in range(120)]
    walked = quiet(walker).walk()
    counts = {
        table: sum(1 for found in walked.rows(table) if found["pull_request_id"] == "50108")
        for table in ("timeline", "files", "closing_issues", "commits")
        for table in (f"pull_request_{table}",)
    }
    assert list(counts.values()) == [230, 101, 150, 120]
    assert walked.row("pull_request_commits", pull_request_id="50108", sha=f"{119:040x}")["position"] == 120


@pytest.mark.parametrize("kind", ["502", "504", "resource_limits", "partial"])
def test_a_page_that_is_too_heavy_is_asked_for_in_halves_and_nothing_is_lost(
    fake: FakeGitHub, walker: Make, kind: str
) -> None:
    many(fake, 200)
    sizes: list[int] = []

    def too_heavy(variables: Any) -> bool:
        sizes.append(variables["first"])
        return len(sizes) <= 2

    fake.fail(kind, "PullRequests", count=1000, only_if=too_heavy)
    walked = quiet(walker).walk()
    assert sizes[:4] == [25, 12, 6, 6]
    assert max(sizes[4:]) == 25
    assert len(walked.rows("pull_requests")) == 200


def test_one_pull_request_that_is_always_too_heavy_fails_the_walk(fake: FakeGitHub, walker: Make) -> None:
    fake.fail("resource_limits", "PullRequests", count=100)
    walking = quiet(walker)
    with pytest.raises(GraphQLError):
        walking.walk()
    assert "cursor" not in walking.state["repositories"]["501"]["pull_requests"]


@pytest.mark.parametrize("kind", ["errors", "truncate", "503"])
def test_a_page_that_cannot_be_read_does_not_move_the_cursor(
    fake: FakeGitHub, walker: Make, kind: str
) -> None:
    many(fake, 60)
    fake.fail(kind, "PullRequests", count=100, after=1)
    walking = quiet(walker)
    with pytest.raises(HttpError):
        walking.walk()
    assert "cursor" not in walking.state["repositories"]["501"]["pull_requests"]


@pytest.mark.parametrize("kind", ["429", "secondary", "503", "drop", "truncate", "rate_limited"])
def test_passing_faults_are_sat_out(fake: FakeGitHub, walker: Make, kind: str) -> None:
    fake.fail(kind, "PullRequests", seconds=2)
    walking = quiet(walker)
    assert len(walking.walk().rows("pull_requests")) == 20
    assert walking.waited


def test_what_moves_to_the_top_while_pages_are_read_is_not_lost(fake: FakeGitHub, walker: Make) -> None:
    many(fake, 120)
    last = fake.pull_request(3)

    def touch(request: str) -> None:
        if request.endswith("PullRequests") and fake.count("PullRequests$") == 2:
            last["updated_at"] = "2026-09-14T11:59:00Z"

    fake.before = touch
    walked = quiet(walker).walk()
    assert len(walked.rows("pull_requests")) == 120
    assert walked.row("pull_requests", number=3)["updated_at"] == "2026-09-14T11:59:00Z"


def test_only_what_changed_since_the_cursor_less_an_hour_is_read_again(
    fake: FakeGitHub, walker: Make
) -> None:
    many(fake, 300)
    walking = quiet(walker)
    walking.walk()
    fake.pull_request(5)["updated_at"] = "2026-09-14T11:59:00Z"
    again = walking.walk()
    numbers = {row["number"] for row in again.rows("pull_requests")}
    assert 5 in numbers
    assert numbers == {5, *range(240, 301)}


def test_since_reads_back_to_that_day_whatever_the_cursor_says(fake: FakeGitHub, walker: Make) -> None:
    many(fake, 300)
    walking = quiet(walker)
    walking.walk()
    again = walking.walk(since=datetime(2025, 1, 1, 2, tzinfo=UTC))
    assert {row["number"] for row in again.rows("pull_requests")} == set(range(120, 301))


def test_open_ones_are_read_again_although_nothing_says_that_they_changed(
    fake: FakeGitHub, walker: Make
) -> None:
    walking = quiet(walker)
    walking.walk()
    fake.pull_request(14)["mergeable"] = "CONFLICTING"
    again = walking.walk()
    assert again.row("pull_requests", number=14)["mergeable"] == "CONFLICTING"
    assert {row["number"] for row in again.rows("pull_requests")} >= {14, 15, 16}


def test_mergeability_that_github_is_working_out_is_null(fake: FakeGitHub, walker: Make) -> None:
    fake.pull_request(14)["mergeable"] = "UNKNOWN"
    assert quiet(walker).walk().row("pull_requests", number=14)["mergeable"] is None


def test_children_are_complete_for_each_pull_request_of_a_page(walker: Make) -> None:
    pages = [page for page in quiet(walker).walk().pages if page.table == "pull_request_files"]
    assert {parent for page in pages for parent in page.parents} == {
        (f"501{number:02}",) for number in range(1, 21)
    }


def test_rules_are_kept_once_and_again_when_they_change(fake: FakeGitHub, walker: Make) -> None:
    walking = quiet(walker)
    (rule,) = walking.walk().rows("branch_rules")
    assert (rule["branch"], rule["required_approving_review_count"]) == ("main", 1)
    assert rule["required_check_names"] == '["test"]'
    assert not walking.walk().rows("branch_rules")
    fake.repository()["rules"]["main"] = {"approvals": 2, "checks": ["test", "lint"]}
    (rule,) = walking.walk(at=NOW + timedelta(hours=1)).rows("branch_rules")
    assert (rule["required_approving_review_count"], rule["required_check_names"]) == (2, '["lint", "test"]')
    assert rule["id"] == "501:main:2026-09-15T13:00:00Z"


def test_rules_that_are_not_told_leave_no_row_but_ones_that_vanish_do(fake: FakeGitHub, walker: Make) -> None:
    rules = copy.deepcopy(fake.repository()["rules"])
    fake.repository()["rules"] = {"main": None, "release/1.x": None}
    walking = quiet(walker)
    assert not walking.walk().rows("branch_rules")
    fake.repository()["rules"] = rules
    walking.walk()
    fake.repository()["rules"] = {"main": None}
    (rule,) = walking.walk(at=NOW + timedelta(hours=1)).rows("branch_rules")
    assert (rule["required_approving_review_count"], rule["required_check_names"]) == (None, None)


def forbid(fake: FakeGitHub, field: str) -> None:
    """Make the fake refuse a field for as long as it is asked for."""
    fake.forbidden = {field}


def test_a_part_that_the_server_cannot_tell_is_left_out_and_remembered_for_a_week(
    fake: FakeGitHub, walker: Make
) -> None:
    forbid(fake, "mergeable")
    walking = quiet(walker)
    first = walking.walk()
    assert len(first.rows("pull_requests")) == 20
    assert first.row("pull_requests", number=16)["mergeable"] is None
    assert any("mergeable" in line for line in first.said)
    assert not any("mergeable" in line for line in walking.walk().said)
    fake.forbidden = set()
    later = walking.walk(at=NOW + timedelta(days=8))
    assert later.row("pull_requests", number=16)["mergeable"] == "CONFLICTING"


def test_children_that_are_not_told_are_not_taken_for_gone(fake: FakeGitHub, walker: Make) -> None:
    forbid(fake, "closingIssuesReferences")
    walked = quiet(walker).walk()
    pages = {page.table: page for page in walked.pages if page.table.startswith("pull_request_")}
    assert not pages["pull_request_closing_issues"].parents
    assert pages["pull_request_files"].parents


def test_what_was_read_without_a_part_is_read_again_when_it_is_told(fake: FakeGitHub, walker: Make) -> None:
    whole = quiet(walker).walk().rows("pull_request_closing_issues")
    forbid(fake, "closingIssuesReferences")
    walking = quiet(walker)
    assert not walking.walk().rows("pull_request_closing_issues")
    again = walking.walk(at=NOW + timedelta(days=8))
    assert not again.rows("pull_request_closing_issues")
    assert len(again.rows("pull_requests")) < 20
    fake.forbidden = set()
    assert not walking.walk(at=NOW + timedelta(days=9)).rows("pull_request_closing_issues")
    told = walking.walk(at=NOW + timedelta(days=16))
    assert sorted(map(str, told.rows("pull_request_closing_issues"))) == sorted(map(str, whole))
    assert whole
    assert len(walking.walk(at=NOW + timedelta(days=17)).rows("pull_requests")) < 20


def test_a_refusal_of_anything_else_fails_the_walk(fake: FakeGitHub, walker: Make) -> None:
    forbid(fake, "commits")
    with pytest.raises(GraphQLError):
        quiet(walker).walk()


def test_the_sources_own_count_is_kept_where_the_whole_was_read(walker: Make) -> None:
    counted = quiet(walker).walk().extraction.source_counts
    assert counted["pull_requests", "repository_id=501"].count == 20
    partly = quiet(walker).walk(since=datetime(2026, 9, 10, tzinfo=UTC)).extraction.source_counts
    assert not partly


def test_an_unknown_operation_is_an_error_of_the_fake(walker: Make) -> None:
    http = quiet(walker).extraction([]).http
    with pytest.raises(GraphQLError, match="does not know the operation Guess"):
        http.graphql('query Guess { repository(owner: "acme", name: "checkout") { id } }')
