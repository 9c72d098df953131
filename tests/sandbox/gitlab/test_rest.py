"""GitLab's own ways: paging, limits, refusals, a moving clock, faults."""

from collections.abc import Callable
from typing import Any

import pytest

API = "/api/v4"
PROJECT = f"{API}/projects/acme%2Fcheckout"
Serve = Callable[..., Any]


def numbers(client: Any, path: str) -> list[int]:
    return [row["id"] for page in client.pages(path) for row in page]


def test_walking_the_links_brings_every_row_once_and_tells_the_total(serve_gitlab: Serve) -> None:
    client = serve_gitlab()
    first = client.get(f"{PROJECT}/merge_requests?state=all&per_page=7")
    found = numbers(client, f"{PROJECT}/merge_requests?state=all&per_page=7")
    assert len(set(found)) == len(found) == int(first.headers["X-Total"])
    assert (first.headers["X-Next-Page"], first.headers["X-Page"], len(first.json())) == ("2", "1", 7)
    last = client.get(f"{PROJECT}/merge_requests?per_page=7&page={first.headers['X-Total-Pages']}")
    assert (last.headers["X-Next-Page"], 'rel="next"' in last.headers["Link"]) == ("", False)


def test_windows_by_last_update_include_their_ends_and_are_in_order(serve_gitlab: Serve) -> None:
    client = serve_gitlab()
    asked = f"{PROJECT}/merge_requests?state=all&order_by=updated_at&sort=asc&per_page=100"
    rows = client.get(asked).json()
    stamps = [row["updated_at"] for row in rows]
    assert stamps == sorted(stamps)
    later = client.get(f"{asked}&updated_after={stamps[10]}").json()
    assert later[0]["updated_at"] == stamps[10]


def test_deployments_by_update_must_be_ordered_by_it(serve_gitlab: Serve) -> None:
    client = serve_gitlab()
    refused = client.get(f"{PROJECT}/deployments?updated_after=2026-01-01T00:00:00Z")
    assert (refused.status, "updated_at" in refused.json()["error"]) == (400, True)
    assert client.get(f"{PROJECT}/deployments?updated_after=2026-01-01T00:00:00Z&order_by=updated_at").json()


def test_keyset_pages_have_no_numbers(serve_gitlab: Serve) -> None:
    client = serve_gitlab()
    page = client.get(f"{PROJECT}/jobs?pagination=keyset&order_by=id&sort=desc&per_page=5")
    assert (page.headers["X-Page"], page.headers["X-Total"]) == (None, None)
    found = numbers(client, f"{PROJECT}/jobs?pagination=keyset&order_by=id&sort=desc&per_page=100")
    assert found == sorted(set(found), reverse=True)
    assert client.get(f"{PROJECT}/jobs?pagination=keyset&order_by=id&sort=asc").status == 400


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"{API}/projects/acme%2Fnothing", 404), (f"{API}/nowhere", 404), ("/user", 404),
     (f"{PROJECT}/merge_requests/99999", 404),
     (f"{PROJECT}/merge_requests?per_page=many", 400), (f"{PROJECT}/pipelines?order_by=colour", 400),
     (f"{API}/projects/acme%2Fcatalog/approval_rules", 403), (f"{API}/users/1", 404)],
)  # fmt: skip
def test_what_is_not_there_is_refused_in_gitlab_s_words(serve_gitlab: Serve, path: str, status: int) -> None:
    answer = serve_gitlab().get(path)
    assert answer.status == status
    assert {"message", "error"} & set(answer.json())


def test_a_wrong_token_is_refused_for_the_api_and_for_git(serve_gitlab: Serve) -> None:
    client = serve_gitlab()
    answer = client.get(PROJECT, token="wrong")
    assert (answer.status, answer.json()["message"]) == (401, "401 Unauthorized")
    assert client.get("/acme/checkout.git/info/refs?service=git-upload-pack", token="wrong").status == 401
    assert client.get("/acme/checkout.git/info/refs?service=git-upload-pack").status == 200
    assert client.get(PROJECT, token="wrong", Private_Token="sandbox-token").status == 200


def test_the_limit_ends_in_plain_text_with_the_time_to_wait(serve_gitlab: Serve) -> None:
    client = serve_gitlab(hourly_limit=3)
    answers = [client.get(f"{API}/user") for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert answers[-1].body == b"Retry later\n"
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_the_old_path_of_a_project_leads_to_its_id(serve_gitlab: Serve) -> None:
    client = serve_gitlab()
    moved = client.get(f"{API}/projects/acme%2Fsearch/releases?per_page=5")
    assert moved.status == 301
    followed = client.get(moved.headers["Location"])
    assert followed.json() == client.get(f"{API}/projects/acme%2Fsearch-service/releases?per_page=5").json()


def test_only_what_has_happened_is_told_and_the_rest_follows_the_clock(serve_gitlab: Serve) -> None:
    client = serve_gitlab()
    now = client.get("/_sandbox").json()["now"]
    before = client.get(f"{PROJECT}/pipelines?per_page=1")
    assert before.json()[0]["created_at"] <= now.replace("Z", ".999Z")
    assert client.order(advance_hours=7 * 24).status == 200
    after = client.get(f"{PROJECT}/pipelines?per_page=1")
    assert int(after.headers["X-Total"]) > int(before.headers["X-Total"])


def test_what_the_company_does_not_require_may_fail(serve_gitlab: Serve) -> None:
    client = serve_gitlab()
    jobs = client.get(f"{PROJECT}/jobs?per_page=100").json()
    assert {job["name"] for job in jobs if job["allow_failure"]} == {"preview"}
    failed = {job["pipeline"]["id"] for job in jobs if job["status"] == "failed" and not job["allow_failure"]}
    assert failed
    for number in failed:
        tries = client.get(f"{PROJECT}/pipelines/{number}/jobs").json()
        is_bad = any(job["status"] == "failed" and not job["allow_failure"] for job in tries)
        status = client.get(f"{PROJECT}/pipelines/{number}").json()["status"]
        assert (status == "failed") == is_bad or status in {"running", "pending"}


@pytest.mark.parametrize(
    ("kind", "status"), [("401", 401), ("403", 403), ("404", 404), ("429", 429), ("502", 502)]
)
def test_faults_strike_as_often_as_they_are_told(serve_gitlab: Serve, kind: str, status: int) -> None:
    client = serve_gitlab()
    client.order(faults=[{"kind": kind, "every": 2, "count": 1, "match": "/user"}])
    assert [client.get(f"{API}/user").status for _ in range(4)] == [200, status, 200, 200]


def test_drift_and_duplicates_change_pages(serve_gitlab: Serve) -> None:
    client = serve_gitlab()
    client.order(faults=[{"kind": "drift", "count": 1}])
    bent = client.get(f"{PROJECT}/merge_requests").json()[0]
    assert (bent["created_at"], "introduced_yesterday" in bent) == ("soon", True)
    client.order(faults=[{"kind": "duplicates"}])
    found = numbers(client, f"{PROJECT}/merge_requests?per_page=50")
    assert len(found) > len(set(found))
