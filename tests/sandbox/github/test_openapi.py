"""REST answers against GitHub's published OpenAPI description."""

from typing import Any

import pytest
from support.npm import OPENAPI, file_of
from support.openapi import problems, read_description

BASE = "/repos/{owner}/{repo}"
PATHS = [
    ("/repos/acme/checkout", BASE),
    ("/orgs/acme", "/orgs/{org}"),
    ("/orgs/acme/repos", "/orgs/{org}/repos"),
    ("/user", "/user"),
    ("/rate_limit", "/rate_limit"),
    ("/repos/acme/checkout/pulls?state=all", BASE + "/pulls"),
    ("/repos/acme/checkout/pulls/1", BASE + "/pulls/{pull_number}"),
    ("/repos/acme/checkout/pulls/3/reviews", BASE + "/pulls/{pull_number}/reviews"),
    ("/repos/acme/checkout/pulls/3/commits", BASE + "/pulls/{pull_number}/commits"),
    ("/repos/acme/checkout/actions/runs", BASE + "/actions/runs"),
    ("/repos/acme/checkout/deployments", BASE + "/deployments"),
    ("/repos/acme/checkout/releases?per_page=100", BASE + "/releases"),
    ("/repos/acme/checkout/activity", BASE + "/activity"),
]


@pytest.fixture(scope="module")
def description(request: pytest.FixtureRequest) -> Any:
    return read_description(file_of(OPENAPI, "generated/api.github.com.json", request.config))


@pytest.mark.parametrize(("path", "described"), PATHS)
def test_an_answer_is_as_the_published_description_says(
    standing: Any, description: Any, path: str, described: str
) -> None:
    content = standing.get(path).json()
    assert content
    assert list(problems(description, described, content)) == []


def test_runs_jobs_statuses_and_tokens_are_as_described(standing: Any, description: Any) -> None:
    runs = standing.get("/repos/acme/checkout/actions/runs?per_page=5").json()["workflow_runs"]
    for run in runs:
        url = f"/repos/acme/checkout/actions/runs/{run['id']}/attempts/1"
        where = BASE + "/actions/runs/{run_id}/attempts/{attempt_number}"
        assert list(problems(description, where, standing.get(url).json())) == []
        assert list(problems(description, f"{where}/jobs", standing.get(f"{url}/jobs").json())) == []
    deployment = standing.get("/repos/acme/checkout/deployments?per_page=1").json()[0]
    statuses = standing.get(f"/repos/acme/checkout/deployments/{deployment['id']}/statuses").json()
    assert list(problems(description, BASE + "/deployments/{deployment_id}/statuses", statuses)) == []
    issued = standing.post("/app/installations/1/access_tokens", token="a.b.c").json()
    where = "/app/installations/{installation_id}/access_tokens"
    assert list(problems(description, where, issued, "201", "post")) == []


def test_a_missing_field_and_a_wrong_type_are_found(standing: Any, description: Any) -> None:
    content = standing.get("/repos/acme/checkout/releases").json()
    content[0]["draft"] = "no"
    del content[1]["tag_name"]
    assert len(list(problems(description, BASE + "/releases", content))) == 2
