"""From histories of deployments to milestones, stages and bridges: by example and against a slow reading."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from support.deliveries import AS_OF, Deployment, History, Merged, Outcome, Reading, at, write_histories
from support.histories import FlowWarehouse

MODELS = (
    "+int_delivery__release_intervals",
    "+fct_deployments",
    "+bridge_deployment_changes",
    "+bridge_change_services",
    "+bridge_deployment_services",
    "--exclude",
    "path:models/canonical",
    "path:models/staging",
    "resource_type:seed",
)
LINE = {"m0": [], "m1": ["m0"], "m2": ["m1"], "m3": ["m2"], "m4": ["m3"]}
CHANGES = [Merged(number, at(number * 10), f"m{number}", f"h{number}") for number in (1, 2, 3)]


def deployment(name: str, sha: str | None, minute: float, **facts: Any) -> Deployment:
    """A deployment of four minutes that succeeds, unless said otherwise."""
    return replace(Deployment(name, sha, at(minute), at(minute + 4)), **facts)


SCENARIOS = [
    History("plain", LINE, CHANGES, [
        deployment("1", "m0", 1), deployment("2", "m2", 25), deployment("3", "m3", 40),
    ]),
    History("censored", LINE, CHANGES, [deployment("1", "m2", 25), deployment("2", "m3", 40)]),
    History("rollback", LINE, CHANGES, [
        deployment("1", "m0", 1), deployment("2", "m2", 25), deployment("3", "m1", 32),
        deployment("4", "m1", 38), deployment("5", "m3", 45),
    ]),
    History("retried", LINE, CHANGES[:1], [
        deployment("1", "m0", 1), deployment("2", "m1", 20, status="failure"), deployment("3", "m1", 30),
    ]),
    History("gated", LINE, CHANGES[:1], [
        deployment("1", "m0", 1), deployment("2", "m1", 20, finished_at=at(40), gates=((at(22), at(35)),)),
    ]),
    History("squashed", {"m0": [], "m1": ["m0"]}, [Merged(1, at(10), "m1", "h1")], [
        deployment("1", "m0", 1), deployment("2", "h1", 12), deployment("3", "m1", 30),
    ]),
    History("early", {"m0": [], "m1": ["m0"]}, [Merged(1, at(10), "m1", "h1")], [
        deployment("1", "m0", 1), deployment("2", "h1", 5), deployment("3", "m1", 30),
    ]),
    History("withdrawn", {"m0": [], "m1": ["m0"]}, [Merged(1, at(20), "m1", "h1")], [
        deployment("1", "m0", 1), deployment("2", "h1", 5), deployment("3", "m0", 12),
        deployment("4", "m1", 30),
    ]),
    History("reverted", LINE, [*CHANGES[:2], Merged(9, at(22), "m3", "h9", reverts_number=2)], [
        deployment("1", "m0", 1), deployment("2", "m1", 11), deployment("3", "m3", 30),
    ]),
    History("unknown", LINE, CHANGES[:2], [
        deployment("1", "m0", 1), deployment("2", "elsewhere", 12), deployment("3", "m2", 30),
    ]),
    History("nowhere", LINE, CHANGES[:1], [deployment("1", "m1", 20, environment="staging")]),
    History("side", LINE | {"s1": ["m0"]}, [Merged(1, at(10), "s1", "h1", base_branch="topic")], [
        deployment("1", "m0", 1), deployment("2", "m1", 20),
    ]),
    History("waiting", LINE, CHANGES[2:], [
        deployment("1", "m0", 1), deployment("2", "m2", 40),
        deployment("3", "m3", 50, finished_at=None, status="queued"),
    ]),
    History("blind", LINE, CHANGES[:2], [deployment("1", None, 1), deployment("2", None, 15)]),
    History("paths", LINE, [
        Merged(1, at(10), "m1", "h1", files=("api/a.go",)),
        Merged(2, at(20), "m2", "h2", files=("docs/b.md",)),
    ], [
        deployment("1", "m0", 1, environment="eu"), deployment("2", "m0", 1, environment="us"),
        deployment("3", "m1", 15, environment="us"), deployment("4", "m2", 25, environment="eu"),
    ], paths={"api": ["api/"], "web": ["web/"]}, environments={"api": ["eu"], "web": ["us"]}),
]  # fmt: skip
TICKS = 90


def random_history(generator: random.Random, number: int) -> History:
    """Merges and squashes, reverts, side branches; attempts that overlap, go back, aside and unknown ways."""
    parents: dict[str, list[str]] = {"m0": []}
    changes: list[Merged] = []
    moments = sorted(generator.sample(range(2, TICKS), 7))
    for index, moment in enumerate(moments, start=1):
        branch = generator.choice(["main", "main", "main", "main", "topic"])
        sha, head = f"m{index}", f"h{index}"
        trunk = f"m{index - 1}" if branch == "main" or index == 1 else f"m{index - 2}"
        parents[sha] = [trunk]
        if generator.random() < 0.4:
            parents[head] = [f"m{generator.randrange(index)}"]
            parents[sha] = [trunk, head]
        is_lost = generator.random() < 0.06
        reverts = generator.choice([None, None, None, None, index - 1]) or None
        changes.append(Merged(index, at(moment), f"lost{index}" if is_lost else sha, head, branch, reverts))
    return History(f"random{number}", parents, changes, _random_deployments(generator, moments))


def _random_deployments(generator: random.Random, moments: Sequence[int]) -> list[Deployment]:
    attempts = []
    for name in range(generator.randrange(9)):
        created = generator.randrange(TICKS)
        merged = sum(1 for moment in moments if moment <= created)
        choices = [f"m{merged}"] * 5 + [
            f"m{generator.randrange(merged + 1)}",
            f"h{min(merged + 1, 7)}",
            "strange",
        ]
        status = generator.choice(["success", "success", "success", "failure", "cancelled", "queued"])
        length = generator.randrange(12)
        opened = created + generator.randrange(length + 1)
        gates = ((at(opened), at(opened + generator.randrange(created + length - opened + 1))),)
        attempts.append(
            Deployment(
                str(name),
                generator.choice(choices),
                at(created),
                None if status == "queued" else at(created + length),
                status,
                generator.choice(["production", "production", "production", "live", "staging"]),
                gates if generator.random() < 0.3 else (),
            )
        )
    return attempts


RANDOM = [random_history(random.Random(seed), seed) for seed in range(150)]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Callable[[random.Random | None], FlowWarehouse]:
    prepared = FlowWarehouse.prepared(tmp_path_factory)

    def built(shuffle: random.Random | None = None) -> FlowWarehouse:
        warehouse = prepared.copy_to(tmp_path_factory.mktemp("histories"))
        write_histories(warehouse.path, [*SCENARIOS, *RANDOM], shuffle)
        warehouse.transform(*MODELS)
        return warehouse

    return built


@pytest.fixture(scope="module")
def warehouse(build: Callable[[random.Random | None], FlowWarehouse]) -> FlowWarehouse:
    return build(None)


Milestones = Mapping[tuple[str, int], Mapping[str, Any]]
Intervals = Mapping[tuple[str, int], list[tuple[str, datetime, datetime | None]]]


def read_milestones(warehouse: FlowWarehouse) -> dict[tuple[str, int], dict[str, Any]]:
    rows = warehouse.rows("""
        select changes.repository, changes.number, milestones.*, deployments.deployment
        from intermediate.int_delivery__change_milestones as milestones
        inner join intermediate.int_flow__changes as changes on milestones.change_key = changes.change_key
        left join intermediate.int_delivery__deployments as deployments
            on milestones.deployment_key = deployments.deployment_key
    """)
    return {(row["repository"], row["number"]): row for row in rows}


def read_intervals(
    warehouse: FlowWarehouse,
) -> dict[tuple[str, int], list[tuple[str, datetime, datetime | None]]]:
    rows = warehouse.rows("""
        select changes.repository, changes.number, intervals.stage, intervals.entered_at, intervals.exited_at
        from intermediate.int_delivery__release_intervals as intervals
        inner join intermediate.int_flow__changes as changes on intervals.change_key = changes.change_key
        order by intervals.entered_at
    """)
    found: dict[tuple[str, int], list[tuple[str, datetime, datetime | None]]] = {}
    for row in rows:
        stage = (row["stage"], row["entered_at"], row["exited_at"])
        found.setdefault((row["repository"], row["number"]), []).append(stage)
    return found


@pytest.fixture(scope="module")
def milestones(warehouse: FlowWarehouse) -> Milestones:
    return read_milestones(warehouse)


@pytest.fixture(scope="module")
def intervals(warehouse: FlowWarehouse) -> Intervals:
    return read_intervals(warehouse)


def state(milestones: Milestones, repository: str, number: int) -> tuple[Any, ...]:
    """State, deployment, method, end of flow in minutes."""
    row = milestones[repository, number]
    ended = row["flow_ended_at"]
    name = row["deployment"] and row["deployment"].removeprefix(f"{repository}-")
    minutes = ended and (ended - at(0)).total_seconds() / 60
    return row["delivery_state"], name, row["deployment_match_method"], minutes


def test_each_change_is_deployed_by_the_first_success_that_contains_it(milestones: Milestones) -> None:
    assert state(milestones, "plain", 1) == ("deployed", "2", "ancestry", 29)
    assert state(milestones, "plain", 2) == ("deployed", "2", "ancestry", 29)
    assert state(milestones, "plain", 3) == ("deployed", "3", "ancestry", 44)


def test_the_first_deployment_seen_links_only_the_change_whose_sha_it_bears(milestones: Milestones) -> None:
    assert state(milestones, "censored", 1) == ("not_linked", None, None, 10)
    assert state(milestones, "censored", 2) == ("deployed", "1", "merge_sha", 29)
    assert state(milestones, "censored", 3) == ("deployed", "2", "ancestry", 44)


def test_a_rollback_leaves_the_first_delivery_as_it_was(
    milestones: Milestones, warehouse: FlowWarehouse
) -> None:
    assert state(milestones, "rollback", 2) == ("deployed", "2", "ancestry", 29)
    assert state(milestones, "rollback", 3) == ("deployed", "5", "ancestry", 49)
    flags = "select source_id, is_rollback, is_redeploy from marts.fct_deployments order by source_id"
    found = [tuple(row.values()) for row in warehouse.rows(flags) if row["source_id"].startswith("rollback-")]
    assert [row[1:] for row in found] == [
        (False, False),
        (False, False),
        (True, False),
        (False, True),
        (False, False),
    ]


def test_what_a_rollback_took_away_is_linked_to_the_deployment_that_brings_it_back(
    warehouse: FlowWarehouse,
) -> None:
    rows = warehouse.rows("""
        select deployments.source_id, changes.number, bridge.method
        from marts.bridge_deployment_changes as bridge
        inner join marts.fct_deployments as deployments on bridge.deployment_key = deployments.deployment_key
        inner join intermediate.int_flow__changes as changes on bridge.change_key = changes.change_key
        where changes.repository = 'rollback'
        order by all
    """)
    assert [(row["source_id"], row["number"]) for row in rows] == [
        ("rollback-2", 1),
        ("rollback-2", 2),
        ("rollback-5", 2),
        ("rollback-5", 3),
    ]


def test_a_failed_attempt_returns_to_the_wait(milestones: Milestones, intervals: Intervals) -> None:
    assert state(milestones, "retried", 1) == ("deployed", "3", "ancestry", 34)
    assert intervals["retried", 1] == [
        ("release_wait", at(10), at(20)),
        ("deploy", at(20), at(24)),
        ("release_wait", at(24), at(30)),
        ("deploy", at(30), at(34)),
    ]


def test_an_open_gate_is_a_wait_for_approval(intervals: Intervals) -> None:
    assert intervals["gated", 1] == [
        ("release_wait", at(10), at(20)),
        ("deploy", at(20), at(22)),
        ("approval_wait", at(22), at(35)),
        ("deploy", at(35), at(40)),
    ]


def test_a_squashed_head_is_deployed_by_its_own_sha(milestones: Milestones) -> None:
    assert state(milestones, "squashed", 1) == ("deployed", "2", "head_sha", 16)


def test_live_before_the_merge_has_no_release_stages(milestones: Milestones, intervals: Intervals) -> None:
    row = milestones["early", 1]
    assert state(milestones, "early", 1) == ("deployed", "2", "head_sha", 10)
    assert (row["is_deployed_before_merge"], row["deployed_at"]) == (True, at(9))
    assert ("early", 1) not in intervals


def test_live_before_the_merge_and_taken_away_is_deployed_after_it(milestones: Milestones) -> None:
    assert state(milestones, "withdrawn", 1) == ("deployed", "4", "ancestry", 34)
    assert milestones["withdrawn", 1]["is_deployed_before_merge"] is False


def test_reverted_before_it_was_deployed_is_superseded(milestones: Milestones, intervals: Intervals) -> None:
    assert state(milestones, "reverted", 1) == ("deployed", "2", "ancestry", 15)
    assert state(milestones, "reverted", 2) == ("superseded", None, None, 22)
    assert intervals["reverted", 2] == [("release_wait", at(20), at(22))]


def test_a_deployment_of_unknown_content_makes_it_undecidable(
    milestones: Milestones, intervals: Intervals
) -> None:
    assert state(milestones, "unknown", 1) == ("not_linked", None, None, 10)
    assert ("unknown", 1) not in intervals
    assert state(milestones, "unknown", 2) == ("deployed", "3", "ancestry", 34)


def test_without_production_or_on_a_branch_that_nobody_deploys_nothing_applies(
    milestones: Milestones,
) -> None:
    assert state(milestones, "nowhere", 1) == ("not_applicable", None, None, 10)
    assert state(milestones, "side", 1) == ("not_applicable", None, None, 10)


def test_a_later_deployment_without_the_change_leaves_it_waiting(
    milestones: Milestones, intervals: Intervals
) -> None:
    assert state(milestones, "waiting", 3) == ("waiting", None, None, None)
    assert intervals["waiting", 3] == [("release_wait", at(30), at(50)), ("deploy", at(50), None)]


def test_a_deployment_that_names_no_commit_is_matched_by_time(milestones: Milestones) -> None:
    assert state(milestones, "blind", 1) == ("deployed", "2", "time", 19)
    assert state(milestones, "blind", 2) == ("waiting", None, None, None)


def test_each_service_has_its_own_production(milestones: Milestones, warehouse: FlowWarehouse) -> None:
    assert state(milestones, "paths", 1) == ("deployed", "4", "ancestry", 29)
    assert state(milestones, "paths", 2) == ("not_applicable", None, None, 20)
    rows = warehouse.rows("""
        select deployments.source_id, services.is_production
        from marts.bridge_deployment_services as services
        inner join marts.fct_deployments as deployments
            on services.deployment_key = deployments.deployment_key
        where deployments.source_id like 'paths-%' order by 1
    """)
    assert [tuple(row.values()) for row in rows] == [
        ("paths-1", True),
        ("paths-2", True),
        ("paths-3", True),
        ("paths-4", True),
    ]


def read_outcome(milestones: Milestones, intervals: Intervals, history: History, change: Merged) -> Outcome:
    key = (history.name, change.number)
    row = milestones[key]
    return Outcome(
        row["delivery_state"],
        row["deployment"] and row["deployment"].removeprefix(f"{history.name}-"),
        row["deployed_at"],
        row["flow_ended_at"],
        tuple(intervals.get(key, [])),
    )


@pytest.mark.parametrize("history", RANDOM, ids=lambda history: history.name)
def test_the_models_agree_with_a_slow_reading(
    history: History, milestones: Milestones, intervals: Intervals
) -> None:
    reading = Reading(history)
    for change in history.changes:
        assert read_outcome(milestones, intervals, history, change) == reading.outcome(change), change


def test_the_random_histories_reach_every_state_and_stage(
    milestones: Milestones, intervals: Intervals
) -> None:
    rows = [row for (name, _), row in milestones.items() if name.startswith("random")]
    assert {row["delivery_state"] for row in rows} == {
        "deployed",
        "waiting",
        "not_linked",
        "not_applicable",
        "superseded",
    }
    assert any(row["is_deployed_before_merge"] for row in rows)
    stages = {stage for name, its in intervals.items() if name[0].startswith("random") for stage, _, _ in its}
    assert stages == {"release_wait", "approval_wait", "deploy"}


def test_intervals_tile_from_merge_to_end_of_flow(milestones: Milestones, intervals: Intervals) -> None:
    merged_at = {(it.name, c.number): c.merged_at for it in [*SCENARIOS, *RANDOM] for c in it.changes}
    for key, stages in intervals.items():
        assert stages[0][1] == merged_at[key]
        assert [left for _, _, left in stages[:-1]] == [entered for _, entered, _ in stages[1:]]
        assert stages[-1][2] == milestones[key]["flow_ended_at"]
        assert all(entered < (left or AS_OF) for _, entered, left in stages)


MEASURES = {
    "fct_deployments": ("approval_wait_seconds", "wait_timer_seconds", "execution_seconds"),
    "bridge_change_services": ("deployed_at", "change_lead_seconds"),
}


@pytest.mark.parametrize(("mart", "measures"), MEASURES.items())
def test_a_measure_is_null_exactly_where_a_reason_says_why(
    warehouse: FlowWarehouse, mart: str, measures: Sequence[str]
) -> None:
    rows = warehouse.rows(f"select * from marts.{mart}")
    assert rows
    for measure in measures:
        silent = [row for row in rows if (row[measure] is None) == (row[f"{measure}_null_reason"] is None)]
        assert silent == [], measure


def test_the_reading_finds_a_seeded_defect(milestones: Milestones) -> None:
    """A reading of other deployments than those that took place does not agree."""
    altered = [replace(history, deployments=history.deployments[1:]) for history in RANDOM]
    differing = [
        change
        for history in altered
        for change in history.changes
        if Reading(history).outcome(change).state != milestones[history.name, change.number]["delivery_state"]
    ]
    assert differing


def test_order_of_rows_does_not_matter(
    build: Callable[[random.Random | None], FlowWarehouse], milestones: Milestones, intervals: Intervals
) -> None:
    shuffled = build(random.Random(1))
    assert read_milestones(shuffled) == milestones
    assert read_intervals(shuffled) == intervals
