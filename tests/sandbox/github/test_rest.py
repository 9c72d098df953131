from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

RUNS = "/repos/acme/checkout/actions/runs"


def test_walking_the_links_brings_every_row_once(standing: Any) -> None:
    pages = list(standing.pages("/repos/acme/checkout/pulls?state=all&per_page=7"))
    numbers = [row["number"] for page in pages for row in page]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert all(len(page) == 7 for page in pages[:-1])


def test_a_filtered_list_of_runs_ends_after_a_thousand_and_still_tells_the_total(standing: Any) -> None:
    pages = list(standing.pages(f"{RUNS}?created=>=2020-01-01&per_page=100"))
    assert pages[0]["total_count"] > 1000 or len(pages) <= 10
    assert sum(len(page["workflow_runs"]) for page in pages) == min(1000, pages[0]["total_count"])


def test_windows_of_creation_include_both_ends_and_divide_without_loss(standing: Any) -> None:
    total = standing.get(f"{RUNS}?created=>=2020-01-01&per_page=1").json()["total_count"]
    newest = standing.get(f"{RUNS}?per_page=1").json()["workflow_runs"][0]["created_at"]
    middle = datetime.fromisoformat(newest) - timedelta(days=20)
    early = f"2020-01-01T00:00:00Z..{middle:%Y-%m-%dT%H:%M:%SZ}"
    late = f"{middle + timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}..{newest}"
    counts = [
        standing.get(f"{RUNS}?created={window}&per_page=1").json()["total_count"] for window in (early, late)
    ]
    assert all(counts)
    assert sum(counts) == total


def test_an_unchanged_answer_is_304_and_costs_nothing(standing: Any) -> None:
    first = standing.get("/repos/acme/checkout")
    again = standing.get("/repos/acme/checkout", If_None_Match=first.headers["ETag"])
    assert (again.status, again.body) == (304, b"")
    assert again.headers["X-RateLimit-Remaining"] == first.headers["X-RateLimit-Remaining"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/repos/acme/nothing", 404), ("/nowhere", 404), ("/repos/acme/checkout/pulls/99999", 404),
     ("/orgs/nobody/repos", 404), ("/repos/acme/checkout/actions/runs?created=never", 422)],
)  # fmt: skip
def test_what_is_not_there_is_refused_in_github_s_words(standing: Any, path: str, status: int) -> None:
    answer = standing.get(path)
    assert answer.status == status
    assert {"message", "documentation_url", "status"} <= set(answer.json())


def test_a_wrong_token_is_refused(standing: Any) -> None:
    answer = standing.get("/repos/acme/checkout", token="wrong")
    assert (answer.status, answer.json()["message"]) == (401, "Bad credentials")


def test_the_hourly_limit_ends_in_403_with_the_time_of_its_reset(serve: Callable[..., Any]) -> None:
    client = serve(hourly_limit=3)
    statuses = [client.get("/user").status for _ in range(4)]
    assert statuses == [200, 200, 200, 403]
    refused = client.get("/user")
    assert refused.headers["X-RateLimit-Remaining"] == "0"
    assert int(refused.headers["X-RateLimit-Reset"]) > 0
    assert client.get("/rate_limit").json()["rate"]["remaining"] == 0


def test_installation_tokens_are_issued_and_can_expire(serve: Callable[..., Any]) -> None:
    client = serve()
    issued = client.post("/app/installations/7/access_tokens", token="a.b.c")
    assert issued.status == 201
    token = issued.json()["token"]
    assert client.get("/user", token=token).status == 200
    client.order(expire_tokens=True)
    assert client.get("/user", token=token).status == 401


def test_the_old_name_of_a_repository_leads_to_the_new_one(serve: Callable[..., Any]) -> None:
    client = serve()
    moved = client.get("/repos/acme/search/releases?per_page=5")
    assert moved.status == 301
    followed = client.get(moved.headers["Location"])
    assert followed.json() == client.get("/repos/acme/search-service/releases?per_page=5").json()


def test_only_what_has_happened_is_told_and_the_rest_follows_the_clock(serve: Callable[..., Any]) -> None:
    client = serve()
    now = client.get("/_sandbox").json()["now"]
    before = client.get(f"{RUNS}?per_page=1").json()
    assert before["workflow_runs"][0]["created_at"] <= now
    assert client.order(advance_hours=7 * 24).status == 200
    assert client.get(f"{RUNS}?per_page=1").json()["total_count"] > before["total_count"]


def test_the_clock_does_not_go_back_nor_beyond_the_simulated_time(serve: Callable[..., Any]) -> None:
    client = serve()
    assert client.order(now="2020-01-01T00:00:00Z").status == 400
    assert client.order(advance_hours=10_000).status == 400


def test_a_queued_job_shows_the_time_of_its_queueing_as_its_start(standing: Any) -> None:
    runs = [run for page in standing.pages(f"{RUNS}?per_page=100") for run in page["workflow_runs"]]
    run = runs[0]
    jobs = standing.get(f"{RUNS}/{run['id']}/attempts/1/jobs").json()
    assert jobs["total_count"] == len(jobs["jobs"]) == 4
    assert all(job["started_at"] >= job["created_at"] or job["runner_id"] for job in jobs["jobs"])


def test_activity_pages_by_cursor_and_names_each_movement_once(standing: Any) -> None:
    rows = [row for page in standing.pages("/repos/acme/checkout/activity?per_page=50") for row in page]
    assert len({row["id"] for row in rows}) == len(rows)
    assert {row["activity_type"] for row in rows} >= {
        "push",
        "force_push",
        "branch_creation",
        "branch_deletion",
    }
    assert [row["timestamp"] for row in rows] == sorted((row["timestamp"] for row in rows), reverse=True)
