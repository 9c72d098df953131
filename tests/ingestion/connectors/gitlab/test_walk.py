"""The walk: what becomes of GitLab's answers, what is asked for again, what is missing, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from support.gitlab import ANN, BEN, CIA, PATH, at, job, merge_request, note, pipeline, with_children
from support.gitlab_walks import HASHER, Walker

from ingestion.conformance.server import CUT, Server
from ingestion.conformance.surface import Request, Response
from ingestion.connectors.gitlab import CONNECTOR
from ingestion.http import AccessDeniedError, AuthenticationError, TransportError

AnySurface = Callable[[Request], Response]


def test_a_merge_request_is_told_by_facts_without_prose(walker: Walker) -> None:
    row = walker.walk().row("merge_requests", number=1)
    assert {
        name: row[name] for name in ("id", "state", "merge_commit_sha", "merged_by_id", "reverts_number")
    } == {
        "id": "701",
        "state": "merged",
        "merge_commit_sha": "a" * 40,
        "merged_by_id": "2",
        "reverts_number": 9,
    }
    assert row["title_marker"] == "Revert !9, fixes #1"
    # One of the two diffs is withheld, so that the sum is not known.
    assert (row["additions"], row["deletions"], row["changed_file_count"]) == (None, None, 2)
    assert "Change 1" not in str(walker.walk(since=datetime(2020, 1, 1, tzinfo=UTC)).pages)


def test_diffs_are_counted_and_withheld_ones_are_unknown(walker: Walker) -> None:
    walked = walker.walk()
    files = {row["path"]: (row["additions"], row["deletions"]) for row in walked.rows("merge_request_files")}
    assert files == {"a.py": (2, 1), "b.bin": (None, None)}


def test_notes_become_kinds_of_events_and_unknown_ones_are_counted(walker: Walker) -> None:
    notes = walker.walk().rows("merge_request_notes")
    assert [(row["id"], row["type"], row["actor_id"], row["subject_id"]) for row in notes] == [
        ("14", "approved", "2", None),
        ("13", "review_comment", "3", None),
        ("12:1", "review_requested", "1", "2"),
        ("12:2", "review_requested", "1", "3"),
        ("11", "unknown", "1", None),
    ]


def test_who_is_asked_and_never_acted_is_looked_up_by_name_once(walker: Walker) -> None:
    walker.fake.lists["/merge_requests/1/notes"] = [
        note(1, at(1, 9), ANN, "requested review from @cia.o and @gone")
    ]
    walker.fake.lists["/deployments"] = []
    walked = walker.walk()
    subjects = [row["subject_id"] for row in walked.rows("merge_request_notes")]
    assert subjects == ["3", None]
    assert walked.row("accounts", username="cia.o")["id"] == "3"
    assert walked.requests.count("/users/3") == 1


def test_accounts_tell_bots_and_hashed_public_addresses(walker: Walker) -> None:
    walked = walker.walk()
    assert walked.row("accounts", username="ann")["email_hash"] == HASHER("ann@acme.example")
    assert walked.row("accounts", username="project_7_bot_1f")["is_bot"] is True
    assert walked.row("accounts", username="ben") == {
        "id": "2",
        "username": "ben",
        "is_bot": False,
        "email_hash": None,
    }


def test_commits_are_in_order_with_hashed_addresses(walker: Walker) -> None:
    commits = walker.walk().rows("merge_request_commits")
    assert [(row["sha"][0], row["position"]) for row in commits] == [("0", 1), ("1", 2)]
    assert {row["author_email_hash"] for row in commits} == {HASHER("ann@acme.example")}


def test_a_job_was_queued_as_long_as_gitlab_says_before_its_start(walker: Walker) -> None:
    row = walker.walk().row("jobs", id="1001")
    assert row["queued_at"] == datetime(2026, 1, 1, 10, 0, 0, 250_000, tzinfo=UTC)
    assert (row["tags"], row["pipeline_id"]) == ("linux,small", "901")


def test_approvals_of_deployments_are_asked_for_where_there_are_such(walker: Walker) -> None:
    del walker.fake.lists["/deployments"][1]["pending_approval_count"]
    walked = walker.walk()
    assert [row["user_id"] for row in walked.rows("deployment_approvals")] == ["3", "3"]
    asked = [path for path in walked.requests if path.startswith("/projects/7/deployments/")]
    assert asked == ["/projects/7/deployments/301"]


def test_status_and_type_of_an_issue_are_told_by_its_scoped_labels(walker: Walker) -> None:
    walked = walker.walk()
    row = walked.row("issues", number=1)
    assert (row["status_label_id"], row["status_label"], row["type_label"]) == (
        "61",
        "workflow::in dev",
        "bug",
    )
    assert walked.row("issue_label_events")["label"] == "workflow::in dev"
    assert walked.row("issue_iteration_events")["iteration_id"] == "70"


def test_assignments_of_an_issue_are_told_by_its_system_notes_alone(walker: Walker) -> None:
    walker.fake.lists["/issues/1/notes"].append(note(94, at(1, 14), ANN, "assigned to @ann", is_system=False))
    walked = walker.walk()
    told = [(row["id"], row["action"], row["assignee_id"]) for row in walked.rows("issue_assignee_events")]
    assert told == [("92:1", "add", "1"), ("93:1", "add", "2"), ("93:2", "remove", "1")]


def test_the_second_walk_asks_for_lists_only(walker: Walker) -> None:
    walker.walk()
    again = walker.walk()
    assert {page.table: len(page.rows) for page in again.pages if page.rows} == {
        "repositories": 1,
        "environments": 1,
        "releases": 2,
        "tags": 2,
    }
    assert not [path for path in again.requests if path.startswith("/projects/7/merge_requests/")]


def test_what_changed_within_the_overlap_is_read_again_and_nothing_else(walker: Walker) -> None:
    walker.walk()
    walker.fake.lists["/merge_requests"][2] = merge_request(3, at(4, 12, 1))
    walker.fake.lists["/merge_requests"].append(merge_request(4, at(4, 11, 30)))
    with_children(walker.fake.lists, 4)
    assert {row["number"] for row in walker.walk().rows("merge_requests")} == {3, 4}


def test_since_reads_again_whatever_the_cursor_says(walker: Walker) -> None:
    walker.walk()
    again = walker.walk(since=datetime(2026, 1, 3, tzinfo=UTC))
    assert {row["number"] for row in again.rows("merge_requests")} == {2, 3}


def test_many_merge_requests_of_one_second_are_all_read(walker: Walker) -> None:
    for number in range(4, 254):
        walker.fake.lists["/merge_requests"].append(merge_request(number, at(5, 12), created_at=at(5, 9)))
    walker.fake.approvals = {}
    rows = walker.walk().rows("merge_requests")
    assert sorted(row["number"] for row in rows) == list(range(1, 254))


def test_a_merge_request_that_changes_while_the_list_is_read_is_not_lost(walker: Walker) -> None:
    requests = walker.fake.lists["/merge_requests"]
    for number in range(4, 154):
        when = at(5, 12) if number < 100 else at(6, 12, number % 60)
        requests.append(merge_request(number, when, created_at=at(5, 9)))
    seen = 0

    def moving(request: Request) -> Response:
        nonlocal seen
        response = walker.fake(request)
        if request.path.endswith("/merge_requests") and request.query.get("order_by"):
            seen += 1
            if seen == 1:  # rows of the first page move to the end, and all others one page forward
                for row in requests[:60]:
                    row["updated_at"] = at(20, 12)
        return response

    with Server(moving) as server:
        walker.origin = server.origin
        rows = walker.walk().rows("merge_requests")
    assert {row["number"] for row in rows} == set(range(1, 154))


def test_jobs_are_listed_down_to_the_known_ones(walker: Walker) -> None:
    walker.walk()
    lists = walker.fake.lists
    lists["/pipelines"].append(pipeline(904, at(6, 10)))
    lists["/jobs"].insert(0, job(1004, 904, "unit", at(6, 10)))
    again = walker.walk()
    assert [row["id"] for row in again.rows("jobs")] == ["1004"]
    assert not [path for path in again.requests if path.endswith("/jobs") and "/pipelines/" in path]


def test_an_old_pipeline_that_was_retried_is_asked_for_its_jobs(walker: Walker) -> None:
    walker.walk()
    lists = walker.fake.lists
    lists["/pipelines"][0] = pipeline(901, at(6, 10))
    lists["/jobs"][2]["status"] = "canceled"
    again = walker.walk()
    assert [row["id"] for row in again.rows("pipelines")] == ["901"]
    assert again.row("jobs")["status"] == "canceled"
    assert "/projects/7/pipelines/901/jobs" in again.requests


def test_a_running_pipeline_is_asked_for_until_it_ends(walker: Walker) -> None:
    running = walker.fake.lists["/pipelines"][0]
    running["status"] = "running"
    walker.walk()
    running["status"] = "success"  # GitLab has been seen to move updated_at late
    assert walker.walk().row("pipelines")["status"] == "success"
    assert walker.walk().rows("pipelines") == []


@pytest.mark.parametrize("first", ["/jobs", "/pipelines"])
@pytest.mark.parametrize("is_new", [False, True], ids=["it ends", "it begins"])
def test_a_pipeline_that_moves_between_the_lists_leaves_no_job_running(
    walker: Walker, first: str, is_new: bool
) -> None:
    lists = walker.fake.lists
    walker.walk()
    running = pipeline(904, at(6, 10), status="running")
    its_job = job(1004, 904, "unit", at(6, 10), status="running", finished_at=None)

    def begin() -> None:
        lists["/pipelines"].append(running)
        lists["/jobs"].insert(0, its_job)

    def end() -> None:
        running.update(status="success", updated_at=at(6, 11))
        its_job.update(status="success", finished_at=at(6, 11))

    moves = iter([begin if is_new else end])

    def moving(request: Request) -> Response:
        response = walker.fake(request)
        if request.path.endswith(f"/projects/7{first}"):
            next(moves, lambda: None)()
        return response

    if not is_new:
        begin()
    with Server(moving) as server:
        intact, walker.origin = walker.origin, server.origin
        told = walker.walk().rows("jobs")
    walker.origin = intact
    if is_new:
        end()
    told += walker.walk().rows("jobs")
    assert [row["status"] for row in told if row["id"] == "1004"][-1] == "success"


def test_a_pipeline_that_waits_for_somebody_is_not_asked_for_again_and_again(walker: Walker) -> None:
    waiting = walker.fake.lists["/pipelines"][0]
    waiting["status"] = "manual"
    walker.walk()
    assert not [path for path in walker.walk().requests if "/pipelines/" in path]
    waiting.update(status="running", updated_at=at(7, 10))
    assert walker.walk().row("pipelines")["status"] == "running"


def test_a_car_still_on_its_train_is_read_again(walker: Walker) -> None:
    car = walker.fake.lists["/merge_trains"][0]
    car.update(status="fresh", merged_at=None)
    walker.walk()
    car.update(status="merged", merged_at=at(3, 12))
    assert walker.walk().row("merge_train_cars")["status"] == "merged"
    assert walker.walk().rows("merge_train_cars") == []


def test_rules_have_a_new_version_when_they_change(walker: Walker) -> None:
    assert walker.walk().row("branch_rules")["required_approving_review_count"] == 2
    assert walker.walk().rows("branch_rules") == []
    walker.fake.lists["/approval_rules"].append(
        {"id": 2, "approvals_required": 3, "protected_branches": [{"name": "release"}]}
    )
    assert walker.walk().rows("branch_rules") == []
    walker.fake.lists["/approval_rules"][1]["protected_branches"] = [{"name": "main"}]
    assert walker.walk().row("branch_rules")["required_approving_review_count"] == 3


@pytest.mark.parametrize(
    "path", ["/approval_rules", "/merge_trains", "/releases", "/environments", "/issues/1"]
)
def test_what_an_edition_or_a_token_lacks_is_said_and_left_out(walker: Walker, path: str) -> None:
    lists = walker.fake.lists
    walker.fake.lists = {name: rows for name, rows in lists.items() if not name.startswith(path)}
    walked = walker.walk()
    assert walked.rows("merge_requests")
    assert any("is not to be had (404)" in line or "are not to be had (404)" in line for line in walked.said)


def test_a_list_that_is_refused_ends_the_walk(walker: Walker) -> None:
    walker.fake.refused.add("/merge_requests")
    with pytest.raises(AccessDeniedError):
        walker.walk()


def test_what_a_project_has_switched_off_is_not_asked_for(walker: Walker) -> None:
    walker.fake.project["builds_access_level"] = "disabled"
    walker.fake.refused |= {"/jobs", "/pipelines"}
    walked = walker.walk()
    assert walked.rows("deployments")
    assert not walked.rows("jobs")
    walker.fake.project["builds_access_level"] = "enabled"
    with pytest.raises(AccessDeniedError):
        walker.walk()


def test_an_empty_project_has_neither_history_nor_rules(walker: Walker) -> None:
    walker.fake.project["default_branch"] = None
    walked = walker.walk()
    assert walked.row("repositories")["default_branch"] is None
    assert walked.rows("tags") + walked.rows("branch_rules") == []


def test_a_kind_that_is_always_refused_is_not_asked_for_again_and_again(walker: Walker) -> None:
    requests = walker.fake.lists["/merge_requests"]
    requests.extend(merge_request(number, at(5, 12), created_at=at(5, 9)) for number in range(4, 24))
    for path in [path for path in walker.fake.lists if path.endswith("/versions")]:
        del walker.fake.lists[path]
    walked = walker.walk()
    assert sum(path.endswith("/versions") for path in walked.requests) == 3
    assert sum("versions is not to be had" in line for line in walked.said) == 1


def test_children_that_could_not_be_read_are_not_taken_for_gone(walker: Walker) -> None:
    del walker.fake.lists["/merge_requests/1/notes"]
    (page,) = [page for page in walker.walk().pages if page.table == "merge_request_notes"]
    assert sorted(page.parents) == [("702",), ("703",)]


def test_a_truncated_page_does_not_move_the_cursor(walker: Walker) -> None:
    walker.walk()
    before = str(walker.state["projects"]["7"]["merge_requests"])
    walker.fake.lists["/merge_requests"].append(merge_request(4, at(9, 12)))
    with_children(walker.fake.lists, 4)

    def cut(request: Request) -> Response:
        response = walker.fake(request)
        if request.path.endswith("/merge_requests/4/commits"):
            response.headers[CUT] = "yes"
        return response

    with Server(cut) as server:
        intact, walker.origin = walker.origin, server.origin
        with pytest.raises(TransportError):
            walker.walk()
    assert str(walker.state["projects"]["7"]["merge_requests"]) == before
    walker.origin = intact
    assert [row["number"] for row in walker.walk().rows("merge_requests")] == [4]


def test_a_limit_in_plain_text_is_waited_for(walker: Walker) -> None:
    answers = iter([Response(429, b"Retry later\n", {"Content-Type": "text/plain", "Retry-After": "7"})])

    with Server(lambda request: next(answers, None) or walker.fake(request)) as server:
        walker.origin = server.origin
        assert len(walker.walk().rows("merge_requests")) == 3
    assert sum(walker.waited) == pytest.approx(7, abs=3)


def test_a_wrong_token_is_told_as_such(walker: Walker) -> None:
    with Server(lambda _request: Response.of_json({"message": "401 Unauthorized"}, 401)) as server:
        walker.origin = server.origin
        with pytest.raises(AuthenticationError):
            walker.walk()


def test_a_group_stands_for_its_projects(walker: Walker) -> None:
    walker.changes = {"group": "acme", "clone": False}
    assert walker.walk().row("repositories")["name"] == PATH
    walker.changes = {"group": "acme", "exclude": ["sh*"], "clone": False}
    assert walker.walk().rows("repositories") == []


def test_parts_can_be_left_out(walker: Walker) -> None:
    walker.changes["without"] = ["pipelines", "issues"]
    walked = walker.walk()
    assert walked.rows("deployments")
    assert not walked.rows("jobs") + walked.rows("issues")
    assert not [path for path in walked.requests if path.endswith(("/pipelines", "/issues"))]


def test_the_sources_own_count_is_kept(walker: Walker) -> None:
    extraction = walker.extraction()
    list(CONNECTOR.extract(extraction))
    (count,) = extraction.source_counts.values()
    assert (count.table, count.scope, count.count) == ("merge_requests", "repository_id=7", 3)


def test_a_list_that_was_begun_in_the_middle_is_not_held_to_the_sources_count(walker: Walker) -> None:
    walker.walk(since=datetime(2026, 1, 3, tzinfo=UTC))
    extraction = walker.extraction()
    list(CONNECTOR.extract(extraction))
    assert not extraction.source_counts


def test_doctor_says_what_is_refused_and_what_it_costs(walker: Walker) -> None:
    walker.fake.refused |= {"/approval_rules", "/deployments"}
    findings = {(found.level, found.message.partition(" (")[0]) for found in walker.check()}
    assert ("error", "acme/shop: deployments cannot be read") in findings
    assert ("warning", "acme/shop: approval_rules cannot be read") in findings


def test_doctor_is_content_where_everything_is_answered(walker: Walker) -> None:
    assert {found.level for found in walker.check()} == {"ok"}


def test_doctor_knows_a_token_that_may_not_clone(walker: Walker) -> None:
    walker.changes["clone"] = True
    levels = [found.level for found in walker.check() if "clone" in found.message or "git" in found.message]
    assert levels == ["error", "error"]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "give either projects or group"),
        ({"projects": [PATH], "group": "acme"}, "give either projects or group"),
        ({"projects": ["shop"]}, "projects"),
        ({"group": "acme", "clone": {"path": "/srv/one"}}, "{repository}"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(
    walker: Walker, changes: dict[str, Any], expected: str
) -> None:
    walker.changes = changes
    with pytest.raises(ValueError, match=expected):
        walker.extraction()


def test_people_of_the_story_are_members_before_they_act(walker: Walker) -> None:
    walked = walker.walk()
    first = next(page for page in walked.pages if page.table == "accounts")
    assert [row["username"] for row in first.rows] == [ANN["username"], BEN["username"]]
    assert CIA["username"] in {row["username"] for row in walked.rows("accounts")}
