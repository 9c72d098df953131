from collections import Counter
from dataclasses import replace

import pytest

from sandbox.scenario import STAGES_WITH_CAPACITY, ScenarioError, load_scenario, load_size, scenario_names
from sandbox.simulation import Simulation, simulate

NAMES = {
    "balanced", "review_bound", "ci_bound", "release_bound", "decision_bound", "adoption_bound",
    "assistant_absorbed", "assistant_helps", "assistant_placebo", "incident_heavy",
}  # fmt: skip


def test_all_promised_scenarios_load() -> None:
    assert set(scenario_names()) == NAMES
    for name in NAMES:
        assert load_scenario(name).summary


def test_an_unknown_scenario_is_named_with_the_known_ones() -> None:
    with pytest.raises(ScenarioError, match=r"no scenario 'nowhere': one of balanced, "):
        load_scenario("nowhere")


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(ScenarioError, match="no size 'huge': one of small, medium, large"):
        load_size("huge")


def test_an_unknown_key_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.scenario._read", lambda _: {"summary": "x", "reviews": {}})
    with pytest.raises(ScenarioError, match=r"balanced: unknown or missing: .*reviews"):
        load_scenario("balanced")


@pytest.mark.parametrize("stage", STAGES_WITH_CAPACITY)
def test_raising_the_capacity_of_a_stage_changes_one_part_only(stage: str) -> None:
    scenario = load_scenario("release_bound")
    raised = scenario.with_capacity(stage, 2.0)
    parts = [name for name in ("product", "build", "review", "ci", "release", "adoption")
             if getattr(raised, name) != getattr(scenario, name)]  # fmt: skip
    assert len(parts) == 1
    assert replace(raised, **{parts[0]: getattr(scenario, parts[0])}) == scenario


def seconds_by_stage(simulation: Simulation) -> Counter[str]:
    seconds: Counter[str] = Counter()
    for visit in simulation.truth.visits():
        if visit.flow_item_type == "change" and visit.exited_at is not None:
            seconds[visit.stage] += visit.exited_at - visit.entered_at
    return seconds


@pytest.mark.parametrize(
    ("name", "stage"),
    [("review_bound", "review_wait"), ("release_bound", "release_wait"), ("adoption_bound", "adoption")],
)
def test_a_bound_scenario_lets_changes_wait_where_it_says(
    simulation: Simulation, name: str, stage: str
) -> None:
    bound = simulate(load_scenario(name), load_size("small"), weeks=10)
    shares = [seconds_by_stage(item)[stage] / len(item.changes) for item in (bound, simulation)]
    assert shares[0] > 1.4 * shares[1]


def test_a_lack_of_decisions_starves_the_developers(simulation: Simulation) -> None:
    bound = simulate(load_scenario("decision_bound"), load_size("small"), weeks=10)
    assert len(bound.changes) < 0.7 * len(simulation.changes)
