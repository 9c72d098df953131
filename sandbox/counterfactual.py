"""What would have been: the constraint by window and the effect of assistants, found by simulating again.

The same company meets the same tickets with one stage's capacity raised, or without its assistants' effect.
The stage whose raise delivers most more is the constraint; where no raise delivers noticeably more there is
none.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.calendar import WEEK
from sandbox.scenario import STAGES_WITH_CAPACITY, Scenario, load_size
from sandbox.simulation import Simulation, simulate

RAISE = 1.5
WINDOW = 13 * WEEK
LEAST_GAIN = 0.03


@dataclass(frozen=True, slots=True)
class Constraint:
    """The true constraint of a window; None where more capacity anywhere would change little."""

    start: int
    end: int
    stage: str | None
    throughput: int
    throughput_with_capacity: int


def write_counterfactuals(simulation: Simulation) -> None:
    """Simulate again and put constraints and assistant effects into the truth of a simulation."""
    truth = simulation.truth
    for found in constraints(simulation):
        truth.note(
            "constraints",
            found.start,
            found.end,
            found.stage,
            found.throughput,
            found.throughput_with_capacity,
        )
    without = _again(simulation, simulation.scenario.without_assistant())
    means, means_without = mean_seconds(simulation), mean_seconds(without)
    counts = [len(list(finishes(item))) for item in (simulation, without)]
    for stage in sorted({*means, *means_without}):
        truth.note("assistant_effects", stage, means.get(stage, 0.0), means_without.get(stage, 0.0), *counts)


def constraints(simulation: Simulation) -> list[Constraint]:
    """Return the constraint of each window, from one more simulation per stage."""
    base = list(finishes(simulation))
    raised = {
        stage: list(finishes(_again(simulation, simulation.scenario.with_capacity(stage, RAISE))))
        for stage in STAGES_WITH_CAPACITY
    }
    found = []
    for start in range(simulation.organisation.start, simulation.shown_end, WINDOW):
        end = min(start + WINDOW, simulation.shown_end)
        counts = {stage: _within(times, start, end) for stage, times in raised.items()}
        best = max(counts, key=lambda stage: (counts[stage], stage))
        count = _within(base, start, end)
        is_noticeable = counts[best] > count * (1 + LEAST_GAIN)
        found.append(Constraint(start, end, best if is_noticeable else None, count, counts[best]))
    return found


def finishes(simulation: Simulation) -> Iterator[int]:
    """Yield when each delivered ticket was used by customers, or live where nobody waits for it."""
    for track in simulation.truth.tracks:
        if track.flow_item_type == "work_item":
            *_, last = track.visits()
            if last.exited_at is not None and last.exit_reason == "advanced":
                yield last.exited_at


def mean_seconds(simulation: Simulation) -> dict[str, float]:
    """Return the mean seconds that a merged change spent in each stage since assistants were adopted."""
    adopted = [person.assistant_from for person in simulation.organisation.people if person.assistant_from]
    since = min(adopted, default=simulation.organisation.start)
    merged = [change for change in simulation.changes if change.is_merged]
    changes = {change.record.id for change in merged if change.work_started_at >= since}
    seconds: defaultdict[str, int] = defaultdict(int)
    for visit in simulation.truth.visits():
        if visit.flow_item_type == "change" and visit.flow_item in changes:
            seconds[visit.stage] += (visit.exited_at or simulation.organisation.end) - visit.entered_at
    return {stage: total / max(1, len(changes)) for stage, total in Counter(seconds).items()}


def _within(times: list[int], start: int, end: int) -> int:
    return sum(start <= at < end for at in times)


def _again(simulation: Simulation, scenario: Scenario) -> Simulation:
    weeks_ahead = (simulation.organisation.end - simulation.shown_end) // WEEK
    return simulate(
        scenario,
        load_size(simulation.size),
        size_name=simulation.size,
        seed=simulation.seed,
        weeks=simulation.weeks,
        end=simulation.shown_end,
        weeks_ahead=weeks_ahead,
    )
