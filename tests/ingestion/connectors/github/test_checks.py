"""What the doctor finds, and that each finding comes with its remedy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from support.github import FakeGitHub

from ingestion.connector import Finding
from ingestion.connectors.github import CONNECTOR

Make = Callable[..., Any]


def findings(walker: Make, **changes: Any) -> list[Finding]:
    return list(CONNECTOR.check(walker(**changes).extraction([])))


def bad(found: list[Finding]) -> list[tuple[str, str]]:
    return [(finding.level, finding.message) for finding in found if finding.level != "ok"]


def test_all_is_well(walker: Make) -> None:
    found = findings(walker, clone=True)
    assert bad(found) == []
    said = " / ".join(finding.message for finding in found)
    assert "accepts the token" in said
    assert "4,999 of 5,000" in said
    assert "git history can be read" in said


def test_a_wrong_token_is_the_only_finding(walker: Make) -> None:
    found = findings(walker, token="wrong")
    assert [finding.level for finding in found] == ["error"]
    assert "token" in found[0].remedy
    assert "wrong" not in found[0].message


@pytest.mark.parametrize(
    ("refusal", "level", "loss"),
    [
        (("403", "/actions/runs"), "error", "no ci stage"),
        (("404", "/deployments"), "error", "changes end at their merge"),
        (("403", "/releases"), "error", "no releases"),
        (("404", "/activity"), "warning", "push times"),
    ],
)
def test_an_endpoint_that_refuses_is_named_with_what_it_costs(
    fake: FakeGitHub, walker: Make, refusal: tuple[str, str], level: str, loss: str
) -> None:
    fake.fail(*refusal)
    ((found_level, message),) = bad(findings(walker))
    assert found_level == level
    assert refusal[0] in message
    assert loss in message


def test_parts_left_out_are_not_tried(fake: FakeGitHub, walker: Make) -> None:
    fake.fail("403", "/deployments", count=10)
    assert bad(findings(walker, without=["deployments"])) == []


def test_a_classic_token_without_read_org_is_a_warning(fake: FakeGitHub, walker: Make) -> None:
    fake.organisation["headers"] = {"X-OAuth-Scopes": "repo, workflow"}
    ((level, message),) = bad(findings(walker))
    assert (level, "teams" in message) == ("warning", True)
    fake.organisation["headers"] = {"X-OAuth-Scopes": "repo, read:org"}
    assert bad(findings(walker)) == []


def test_a_budget_that_is_nearly_used_up_is_a_warning(fake: FakeGitHub, walker: Make) -> None:
    fake.organisation["budget"] = 20
    assert [level for level, _ in bad(findings(walker))] == ["warning", "warning"]


def test_rules_that_are_not_told_are_a_warning(fake: FakeGitHub, walker: Make) -> None:
    fake.repository()["rules"]["main"] = None
    ((level, message),) = bad(findings(walker))
    assert (level, "rules of main" in message) == ("warning", True)


def test_graphql_that_refuses_is_an_error(fake: FakeGitHub, walker: Make) -> None:
    fake.forbidden = {"defaultBranchRef"}
    assert [level for level, _ in bad(findings(walker))] == ["error"]


def test_a_clone_that_cannot_be_had_is_an_error_with_remedies(walker: Make) -> None:
    found = [one for one in findings(walker, clone={"url": "file:///nowhere/x.git"}) if one.level == "error"]
    assert len(found) == 1
    assert "clone: false" in found[0].remedy


def test_an_organisation_whose_patterns_select_nothing_is_an_error(walker: Make) -> None:
    ((level, message),) = bad(findings(walker, organization="acme", include=["nothing"]))
    assert (level, message) == ("error", "no repository to read")


def test_a_repository_that_is_not_there_is_an_error(walker: Make) -> None:
    ((level, message),) = bad(findings(walker, repositories=["acme/nothing"]))
    assert level == "error"
    assert "cannot be read" in message
