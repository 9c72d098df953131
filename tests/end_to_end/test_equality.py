"""One organisation, read as GitHub with Jira and as GitLab: the published marts tell the same.

A value may differ only where a cause is known in what the vendors tell, and only in rows of which that can be
said to be the cause.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest
from support.equality import EMPTY, MARTS, UNCOMPARED, Difference, Mart, Reading, differences, summary
from support.homes import GITHUB, GITLAB

Readings = tuple[Reading, Reading]
Rows = dict[tuple[Any, ...], dict[str, Any]]


class Cause(NamedTuple):
    """Why values may differ, and whether that explains this one."""

    text: str
    explains: Callable[[Difference], bool]


@pytest.fixture(scope="module")
def readings(tmp_path_factory: pytest.TempPathFactory) -> Readings:
    return (
        Reading("GitHub and Jira", GITHUB.built(tmp_path_factory), "acme-github", "acme-jira"),
        Reading("GitLab", GITLAB.built(tmp_path_factory), "acme-gitlab"),
    )


@pytest.fixture(scope="module")
def rows(readings: Readings) -> dict[str, tuple[Rows, Rows]]:
    """What both readings tell, by mart."""
    return {mart.name: (readings[0].rows(mart), readings[1].rows(mart)) for mart in MARTS}


@pytest.fixture(scope="module")
def causes(rows: dict[str, tuple[Rows, Rows]]) -> dict[tuple[str, str], Cause]:
    """Causes by mart and column."""
    requests, tickets, runs, jobs, releases = (
        rows[name][0]
        for name in ("fct_review_requests", "fct_work_items", "fct_ci_runs", "fct_ci_jobs", "fct_releases")
    )
    asked_of_teams = {row["change_key"] for row in requests.values() if row["asked_team"]}
    rejected = {key[0] for key, row in tickets.items() if row["state"] == "rejected"}
    drafts = {key for key, row in releases.items() if row["is_draft"]}
    run_over = {
        key for key, row in jobs.items() if row["finished_at"] and row["finished_at"] < row["started_at"]
    }

    def is_in(known: Iterable[Any]) -> Callable[[Difference], bool]:
        return lambda each: each.key[0] in known or each.key in known

    def is_unknown_here(each: Difference) -> bool:
        return each.ours in ("unknown", None)

    no_teams = Cause("GitLab asks persons for reviews, never teams", is_in(asked_of_teams))
    return {}
