"""Whether scenarios show what they are named for, by truth's own account of what would have been."""

import pytest

from sandbox.counterfactual import RAISE, finishes
from sandbox.scenario import STAGES_WITH_CAPACITY, Scenario, load_scenario, load_size
from sandbox.simulation import simulate

# Delivered in the second half: the first fills the stages.
WEEKS = 20


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("review_bound", "review_wait"),
        ("ci_bound", "ci"),
        ("release_bound", "release_wait"),
        ("decision_bound", "decide"),
        ("adoption_bound", "adoption"),
    ],
)
def test_more_capacity_delivers_most_in_the_stage_that_the_scenario_is_named_for(
    name: str, stage: str
) -> None:
    scenario = load_scenario(name)
    delivered = {
        raised: _delivered(scenario.with_capacity(raised, RAISE), WEEKS) for raised in STAGES_WITH_CAPACITY
    }
    assert max(delivered, key=lambda raised: delivered[raised]) == stage, delivered


def _delivered(scenario: Scenario, weeks: int) -> int:
    simulation = simulate(scenario, load_size("small"), size_name="small", weeks=weeks, weeks_ahead=0)
    middle = simulation.organisation.start + (simulation.shown_end - simulation.organisation.start) // 2
    return sum(middle <= at < simulation.shown_end for at in finishes(simulation))
