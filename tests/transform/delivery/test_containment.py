"""What each deployment carries and brings live: by example, and against a naive reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transform.commit_graph import CommitGraph, Comparisons
from transform.containment import Attempt, Walk, compute_containment, walk_deployments

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
# m0 - m1 - m2 - m3 - m4 on the trunk; m3 merges f1, branched off m1
TRUNK = {"m0": [], "m1": ["m0"], "f1": ["m1"], "m2": ["m1"], "m3": ["m2", "f1"], "m4": ["m3"]}


def graph_of(parents: Mapping[str, Iterable[str]] = TRUNK) -> CommitGraph:
    return CommitGraph(parents, ((child, parent) for child, its in parents.items() for parent in its))


def deployed(
    name: str, sha: str | None, hour: float, *, hours: float = 0.5, tag_sha: str | None = None
) -> Attempt:
    created_at = START + timedelta(hours=hour)
    return Attempt(name, sha, created_at, created_at + timedelta(hours=hours), True, tag_sha)


def failed(name: str, sha: str, hour: float) -> Attempt:
    created_at = START + timedelta(hours=hour)
    return Attempt(name, sha, created_at, created_at + timedelta(hours=0.5), False)


def delivered(walk: Walk) -> dict[str, set[str]]:
    """Commits by the deployment that brought them live, what the first one was seen to hold left out."""
    result: dict[str, set[str]] = {}
    for row in walk.commits:
        if row.is_delivered and not row.is_left_censored:
            result.setdefault(row.deployment, set()).add(row.sha)
    return result


def test_each_deployment_delivers_what_the_one_before_did_not_contain() -> None:
    walk = walk_deployments(
        graph_of(), [deployed("d1", "m1", 1), deployed("d2", "m3", 2), deployed("d3", "m4", 3)]
    )
    assert delivered(walk) == {"d1": {"m1"}, "d2": {"m2", "m3", "f1"}, "d3": {"m4"}}


def test_order_of_rows_does_not_matter() -> None:
    attempts = [
        deployed("d1", "m1", 1),
        deployed("d2", "m3", 2),
        failed("x", "m4", 2.7),
        deployed("d3", "m4", 3),
    ]
    forwards, backwards = walk_deployments(graph_of(), attempts), walk_deployments(graph_of(), attempts[::-1])
    assert set(forwards.commits) == set(backwards.commits)
    assert forwards.steps == backwards.steps


def test_the_first_deployment_seen_is_left_censored_but_for_its_own_commit() -> None:
    walk = walk_deployments(graph_of(), [deployed("d1", "m3", 1)])
    assert {row.sha: row.is_left_censored for row in walk.commits} == {
        "m0": True,
        "m1": True,
        "m2": True,
        "f1": True,
        "m3": False,
    }


def test_only_wanted_commits_of_the_left_censored_history_are_named() -> None:
    attempts = [deployed("d1", "m3", 1), deployed("d2", "m4", 2)]
    walk = walk_deployments(graph_of(), attempts, {"m1"}.__contains__)
    assert {row.sha for row in walk.commits} == {"m1", "m3", "m4"}


def test_order_is_that_of_finishing() -> None:
    late = deployed("late", "m2", 1, hours=9)
    walk = walk_deployments(graph_of(), [deployed("d0", "m0", 0), late, deployed("d2", "m4", 2)])
    assert delivered(walk)["d2"] == {"m1", "m2", "m3", "m4", "f1"}
    assert "late" not in delivered(walk)
    steps = {step.deployment: step for step in walk.steps}
    assert steps["late"].previous_deployment == "d2"
    assert steps["late"].is_rollback is True


def test_what_a_rollback_takes_away_is_delivered_anew() -> None:
    attempts = [
        deployed("d1", "m1", 1),
        deployed("d2", "m3", 2),
        deployed("back", "m1", 3),
        deployed("d4", "m4", 4),
    ]
    walk = walk_deployments(graph_of(), attempts)
    rows = {(row.deployment, row.sha): row for row in walk.commits}
    assert rows["d2", "m3"].removed_by == "back"
    assert rows["d1", "m1"].removed_by is None
    assert delivered(walk)["d4"] == {"m2", "m3", "m4", "f1"}
    assert {step.deployment: step.is_rollback for step in walk.steps} == {
        "d1": False,
        "d2": False,
        "back": True,
        "d4": False,
    }


def test_a_redeploy_is_no_rollback_and_delivers_nothing() -> None:
    walk = walk_deployments(graph_of(), [deployed("d1", "m3", 1), deployed("again", "m3", 2)])
    assert "again" not in delivered(walk)
    again = walk.steps[-1]
    assert (again.deployment, again.is_redeploy, again.is_rollback) == ("again", True, False)


def test_a_branch_that_replaces_the_trunk_takes_away_what_it_lacks() -> None:
    walk = walk_deployments(graph_of(), [deployed("d1", "m2", 1), deployed("branch", "f1", 2)])
    rows = {(row.deployment, row.sha): row for row in walk.commits}
    assert rows["d1", "m2"].removed_by == "branch"
    assert delivered(walk)["branch"] == {"f1"}
    assert walk.steps[-1].is_rollback is False


def test_a_failed_attempt_carries_but_does_not_deliver() -> None:
    walk = walk_deployments(
        graph_of(), [deployed("d1", "m1", 1), failed("x", "m3", 2), deployed("d2", "m3", 3)]
    )
    assert {row.sha for row in walk.commits if row.deployment == "x"} == {"m2", "m3", "f1"}
    assert "x" not in delivered(walk)
    assert delivered(walk)["d2"] == {"m2", "m3", "f1"}


def test_attempts_before_anything_is_live_carry_what_is_wanted_of_their_history() -> None:
    walk = walk_deployments(
        graph_of(), [failed("x1", "m2", 1), failed("x2", "m3", 2)], {"m1", "f1"}.__contains__
    )
    carried = {name: {row.sha for row in walk.commits if row.deployment == name} for name in ("x1", "x2")}
    assert carried == {"x1": {"m1", "m2"}, "x2": {"m1", "f1", "m3"}}
    assert not any(row.is_delivered or row.is_left_censored for row in walk.commits)
    assert not any(step.is_first_success for step in walk.steps)


def test_a_commit_that_the_graph_does_not_know_is_borne_and_nothing_more() -> None:
    attempts = [deployed("d1", "m1", 1), deployed("odd", "zz", 2), deployed("d3", "m2", 3)]
    walk = walk_deployments(graph_of(), attempts)
    assert delivered(walk) == {"d1": {"m1"}, "odd": {"zz"}, "d3": {"m2"}}
    rows = {(row.deployment, row.sha): row for row in walk.commits}
    assert rows["odd", "zz"].removed_by == "d3"
    steps = {step.deployment: step for step in walk.steps}
    assert steps["odd"].commit is None
    assert steps["odd"].is_rollback is None
    assert steps["d3"].is_rollback is None


def test_a_release_tag_stands_in_for_a_commit_that_is_not_known() -> None:
    walk = walk_deployments(graph_of(), [deployed("d1", "m1", 1), deployed("d2", "v2.0", 2, tag_sha="m2")])
    assert delivered(walk)["d2"] == {"m2"}
    assert walk.steps[-1].commit == "m2"


def test_a_deployment_that_names_no_commit_delivers_none() -> None:
    walk = walk_deployments(
        graph_of(), [deployed("d1", "m1", 1), deployed("blind", None, 2), deployed("d3", "m2", 3)]
    )
    assert delivered(walk) == {"d1": {"m1"}, "d3": {"m2"}}


HISTORY = {f"c{child}": [f"c{child - 1}"] if child else [] for child in range(9)} | {
    "s0": ["c2"],
    "s1": ["s0", "c4"],
    "c9": ["c8", "s1"],
}


def reachable(parents: Mapping[str, list[str]], sha: str) -> set[str]:
    return {sha}.union(*(reachable(parents, parent) for parent in parents[sha]))


def naive_deliveries(parents: Mapping[str, list[str]], shas: list[str]) -> dict[str, set[str]]:
    """Whole sets of ancestors, one deployment after the other."""
    result: dict[str, set[str]] = {}
    live: set[str] | None = None
    for number, sha in enumerate(shas):
        contained = reachable(parents, sha)
        added = {sha} if live is None else contained - live
        if added:
            result[f"d{number}"] = added
        live = contained
    return result


@given(st.lists(st.sampled_from(sorted(HISTORY)), max_size=12))
def test_deliveries_agree_with_a_naive_reference(shas: list[str]) -> None:
    attempts = [deployed(f"d{number}", sha, number) for number, sha in enumerate(shas)]
    assert delivered(walk_deployments(graph_of(HISTORY), attempts)) == naive_deliveries(HISTORY, shas)


def test_the_reference_finds_a_seeded_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk that never takes anything away, as one that visits each commit only once would."""
    original = Comparisons.compare
    monkeypatch.setattr(
        Comparisons,
        "compare",
        lambda self, old, new: original(self, old, new)._replace(removed=frozenset()),
    )
    shas = ["c1", "c5", "c1", "c6"]
    attempts = [deployed(f"d{number}", sha, number) for number, sha in enumerate(shas)]
    assert delivered(walk_deployments(graph_of(HISTORY), attempts)) != naive_deliveries(HISTORY, shas)


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """The few canonical columns that the step reads: two environments of one repository, and a stranger."""
    path = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("""
            create schema canonical;
            create schema raw_flowgauge;
            create table raw_flowgauge.service_environments as
            select 'checkout' as service, 'EU' as environment, true as is_production;
            create table canonical.deployments as
            select 'hub' as connection, 'r1' as repository, null::varchar as service_hint,
                false as is_production, environment, source_id, sha,
                timestamp '2026-03-02 09:00' + to_hours(hour) as created_at,
                timestamp '2026-03-02 09:10' + to_hours(hour) as finished_at, status
            from (values
                ('production', '1', 'm1', 1, 'success'), ('staging', '2', 'm2', 2, 'success'),
                ('production', '3', 'm2', 3, 'failure'), ('production', '4', 'v3', 4, 'success'),
                ('eu', '5', 'm1', 5, 'success')
            ) as deployments (environment, source_id, sha, hour, status);
            create table canonical.releases as
            select 'hub' as connection, 'r1' as repository, 'v3' as tag, 'm3' as sha;
            create table canonical.commits as
            select 'hub' as connection, unnest(['r1', 'r2']) as repository, 'm0' as sha;
            create table canonical.commit_ancestry as
            select 'hub' as connection, 'r1' as repository, child as child_sha, parent as parent_sha
            from (values ('m1', 'm0'), ('m2', 'm1'), ('m3', 'm2')) as edges (child, parent);
            create table canonical.changes as
            select 'hub' as connection, 'r1' as repository, 'm0' as merge_sha, null::varchar as head_sha;
            create table canonical.repositories as
            select 'hub' as connection, 'r1' as source_id, 'acme/shop' as name;
        """)
    return path


def read(warehouse: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


DELIVERED = """
    select deployment, sha, is_left_censored from raw_flowgauge.deployment_commits
    where is_delivered order by all
"""


def test_the_step_keeps_environments_apart_resolves_tags_and_censors_production(warehouse: Path) -> None:
    assert compute_containment(warehouse) == len(read(warehouse, "from raw_flowgauge.deployment_commits"))
    assert read(warehouse, DELIVERED) == [
        ("1", "m0", True),
        ("1", "m1", False),
        ("2", "m2", False),
        ("4", "m2", False),
        ("4", "m3", False),
        ("5", "m0", True),
        ("5", "m1", False),
    ]
    steps = (
        "select deployment, previous_deployment, commit_sha from raw_flowgauge.deployment_sequence order by 1"
    )
    assert read(warehouse, steps) == [
        ("1", None, "m1"),
        ("2", None, "m2"),
        ("3", "1", "m2"),
        ("4", "1", "m3"),
        ("5", None, "m1"),
    ]


def test_running_the_step_again_gives_the_same_tables(warehouse: Path) -> None:
    compute_containment(warehouse)
    tables = [f"from raw_flowgauge.{name}" for name in ("deployment_commits", "deployment_sequence")]
    before = [read(warehouse, table) for table in tables]
    compute_containment(warehouse)
    assert [read(warehouse, table) for table in tables] == before


def test_without_deployments_the_tables_are_there_and_empty(warehouse: Path) -> None:
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("delete from canonical.deployments")
    assert compute_containment(warehouse) == 0
    assert read(warehouse, "select is_rollback, commit_sha from raw_flowgauge.deployment_sequence") == []


MATCHES = "from raw_flowgauge.repository_matches"


def told_by_a_ci_system(warehouse: Path, deployment: str, sha: str) -> None:
    """Let another connection tell of a deployment of Acme/Shop to production, under an id of the hub's."""
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into canonical.repositories values ('ci', 'git/acme/shop', 'Acme/Shop')")
        connection.execute(
            "insert into canonical.deployments by name select 'ci' as connection, "
            "'git/acme/shop' as repository, 'production' as environment, ? as source_id, ? as sha, "
            "timestamp '2026-03-02 20:00' as created_at, timestamp '2026-03-02 20:10' as finished_at, "
            "'success' as status",
            [deployment, sha],
        )


def test_a_deployment_that_another_connection_tells_of_carries_the_hosts_commits(warehouse: Path) -> None:
    told_by_a_ci_system(warehouse, "1", "v3")
    compute_containment(warehouse)
    assert read(warehouse, MATCHES) == [("ci", "git/acme/shop", "hub", "r1", False)]
    delivered = (
        "select connection, repository, deployment, sha, is_left_censored from "
        "raw_flowgauge.deployment_commits where source_connection = 'ci' order by sha"
    )
    assert read(warehouse, delivered) == [
        ("hub", "r1", "1", "m0", True),
        ("hub", "r1", "1", "m3", False),
    ]
    of_the_host = (
        "select deployment, sha from raw_flowgauge.deployment_commits where source_connection = 'hub'"
    )
    assert ("4", "m3") in read(warehouse, of_the_host)


def test_a_name_that_two_connections_host_is_matched_with_neither(warehouse: Path) -> None:
    told_by_a_ci_system(warehouse, "1", "m2")
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("insert into canonical.repositories values ('lab', '7', 'acme/shop')")
        connection.execute("insert into canonical.commits values ('lab', '7', 'm0')")
    compute_containment(warehouse)
    assert read(warehouse, MATCHES) == [("ci", "git/acme/shop", None, None, True)]
    own = (
        "select connection, repository from raw_flowgauge.deployment_sequence where source_connection = 'ci'"
    )
    assert read(warehouse, own) == [("ci", "git/acme/shop")]
