"""What `flowgauge doctor` says of a Jira connection, and how its settings become requests."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError
from support.jira import TOKEN, SmallJira

from ingestion.connector import Finding
from ingestion.connectors.jira import CONNECTOR
from ingestion.connectors.jira.settings import JiraSettings, client

Walkers = Callable[..., Any]


def findings(walking: Any) -> list[Finding]:
    return list(CONNECTOR.check(walking.extraction()))


def problems(walking: Any) -> list[str]:
    return [each.message for each in findings(walking) if each.level != "ok"]


def test_all_is_well(walker: Walkers) -> None:
    assert [(each.level, each.remedy) for each in findings(walker())] == [("ok", "")] * 5
    assert problems(walker(projects=[])) == []


def test_a_wrong_token_is_said_and_ends_the_check(walker: Walkers) -> None:
    (finding,) = findings(walker(token="wrong"))
    assert (finding.level, finding.message) == ("error", "Jira does not accept the token")


def test_a_server_that_is_no_jira(walker: Walkers, jira: SmallJira) -> None:
    jira.fail("404", "myself")
    (problem,) = problems(walker())
    assert problem.startswith("Jira cannot be read")


def test_projects_that_are_not_visible_are_named(walker: Walkers, jira: SmallJira) -> None:
    assert problems(walker(projects=["CHEC", "hidden", "10001"])) == [
        "project hidden does not exist or is not visible to the token"
    ]
    jira.tickets.clear()
    assert problems(walker(projects=[])) == ["no project is visible"]


def test_the_zone_of_the_settings_must_be_the_profiles(walker: Walkers) -> None:
    assert problems(walker(time_zone="America/Los_Angeles")) == []
    (problem,) = problems(walker(time_zone="UTC"))
    assert problem == (
        "time_zone is UTC, but the token's profile is in America/Los_Angeles: changes would be missed"
    )


@pytest.mark.parametrize(
    ("match", "message"), [("changelog", "change logs cannot be read"), ("agile", "boards cannot be read")]
)
def test_scopes_that_lack_are_said(walker: Walkers, jira: SmallJira, match: str, message: str) -> None:
    jira.fail("403", match)
    (problem,) = problems(walker())
    assert problem.startswith(message)


def test_an_api_token_goes_with_its_address_and_another_alone(jira: SmallJira) -> None:
    for changes, expected in (
        ({}, f"Basic {base64.b64encode(f'flowgauge@acme.example:{TOKEN}'.encode()).decode()}"),
        ({"email": None}, f"Bearer {TOKEN}"),
    ):
        settings = JiraSettings(**jira.connection(**changes))
        client(settings).get_json("/rest/api/3/myself")
        assert jira.requests[-1].headers["authorization"] == expected


@pytest.mark.parametrize(
    "changes", [{"projects": ["A B"]}, {"time_zone": "Mars/Olympus"}, {"without": ["issues"]}]
)
def test_settings_that_are_refused(jira: SmallJira, changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JiraSettings(**jira.connection(**changes))
