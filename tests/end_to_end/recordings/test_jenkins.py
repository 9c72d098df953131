"""The recorded Jenkins: what is known of it by other code is what the published marts tell."""

from collections import Counter
from pathlib import Path

import duckdb
import pytest
from support.facts import Facts, compares, measured, uncompared
from support.homes import GITLAB
from support.published import query

pytestmark = pytest.mark.replay

HOME, CONNECTION, FILE = GITLAB, "recorded-jenkins", "jenkins_builds"
RESULTS = {"success": "SUCCESS", "failure": "FAILURE", "cancelled": "ABORTED", "timed_out": "ABORTED"}
MULTIBRANCH = "github_org/"
GROUPS = {
    "devlake multibranch": f"run like '{MULTIBRANCH}%'",
    "devlake builds": f"run not like '{MULTIBRANCH}%'",
}


@compares(FILE, "*.builds", "*.by_result", "*.failure_rate", "*.duration_ms", "*.zero_duration")
def test_builds_are_runs_with_their_results_and_durations(home: Path, facts: Facts) -> None:
    assert GROUPS.keys() == facts("*.builds").keys()
    for group, condition in GROUPS.items():
        runs = query(
            home, f"select * from marts.fct_ci_runs where connection = '{CONNECTION}' and {condition}"
        )
        assert len(runs) == facts("*.builds")[group]
        assert Counter(RESULTS[row["conclusion"]] for row in runs) == facts("*.by_result")[group]
        failures = sum(row["failure_class"] == "code" for row in runs)
        assert round(failures / len(runs), 4) == facts("*.failure_rate")[group]
        durations = milliseconds(home)
        told = [durations[row["run"]] for row in runs]
        assert measured(told) == facts("*.duration_ms")[group]
        assert sum(not duration for duration in told) == facts("*.zero_duration")[group]
        for row in runs:
            # Marts tell whole seconds: both ends are cut, so that a length is off by less than one.
            assert abs(row["run_seconds"] * 1000 - durations[row["run"]]) < 1000
            assert (row["queue_seconds"], row["queue_seconds_null_reason"]) == (None, "not_observed")


def milliseconds(home: Path) -> dict[str, int]:
    with duckdb.connect(str(home / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select job_name || '#' || build_number, duration_milliseconds from raw_jenkins.builds "
            f"where connection = '{CONNECTION}'"
        ).fetchall()
    return dict(found)


def test_stages_are_jobs_of_their_runs(home: Path) -> None:
    jobs = query(
        home,
        "select jobs.name, jobs.conclusion, runs.conclusion as outcome from marts.fct_ci_jobs as jobs "
        f"join marts.fct_ci_runs as runs using (ci_run_key) where jobs.connection = '{CONNECTION}'",
    )
    assert {"checkout", "build", "test", "deploy"} <= {job["name"] for job in jobs}
    assert all(job["conclusion"] == "success" for job in jobs if job["outcome"] == "success")


def test_no_recorded_fact_is_left_out(expected: Path) -> None:
    assert uncompared(expected, FILE, {}) == set()
