"""The latency estimates against SciPy's for censoring, and against the definition for competing ends."""

from __future__ import annotations

import math
import random

import pytest
from scipy.stats import CensoredData, ecdf
from support.estimates import Estimator, Item


def drawn(seed: int, size: int, *, is_competing: bool) -> list[Item]:
    """Latencies in coarse seconds, so that many are equal; some censored, some ended by something else."""
    chance = random.Random(seed)
    items = []
    for _ in range(size):
        ended, competing = chance.expovariate(1 / 40), chance.expovariate(1 / 90)
        censored = chance.uniform(10, 160)
        ends = {"ended": ended, "censored": censored} | ({"competing": competing} if is_competing else {})
        outcome = min(ends, key=lambda name: ends[name])
        items.append((outcome, 1 + int(ends[outcome])))
    return items


CENSORED = [drawn(seed, size, is_competing=False) for seed, size in ((1, 12), (2, 40), (3, 300))]
COMPETING = [drawn(seed, size, is_competing=True) for seed, size in ((4, 15), (5, 120), (6, 400))]
UNCENSORED: list[Item] = [("ended", second) for second in range(1, 41)]
FEW: list[Item] = [("ended", second) for second in range(1, 5)]
MOSTLY_OPEN: list[Item] = [("ended", 5), *[("censored", 50)] * 40]
ALL_ENDED: list[list[Item]] = [[("ended", second) for second in range(size)] for size in range(2, 60)]


@pytest.fixture(scope="module")
def estimator(tmp_path_factory: pytest.TempPathFactory) -> Estimator:
    estimator = Estimator(tmp_path_factory.mktemp("estimates"))
    for items in (*CENSORED, *COMPETING, UNCENSORED, FEW, MOSTLY_OPEN, *ALL_ENDED):
        estimator.add(items)
    estimator.run()
    return estimator


@pytest.mark.parametrize("number", range(len(CENSORED)))
def test_without_competing_ends_it_is_one_minus_kaplan_meier_with_its_interval(
    estimator: Estimator, number: int
) -> None:
    items = CENSORED[number]
    theirs = ecdf(
        CensoredData(
            uncensored=[seconds for outcome, seconds in items if outcome == "ended"],
            right=[seconds for outcome, seconds in items if outcome == "censored"],
        )
    ).sf
    interval = theirs.confidence_interval(method="log-log")
    ours = [step for step in estimator.steps(number) if step["ending"]]
    at = [step["duration_seconds"] for step in ours]
    assert [1 - step["incidence"] for step in ours] == pytest.approx(list(theirs.evaluate(at)), abs=1e-9)
    for step, low, high in zip(ours, interval.low.evaluate(at), interval.high.evaluate(at), strict=True):
        if 0 < step["incidence"] < 1 - 1e-9:
            assert 1 - step["incidence_high"] == pytest.approx(low, abs=1e-6)
            assert 1 - step["incidence_low"] == pytest.approx(high, abs=1e-6)


def test_an_incidence_is_never_more_than_one(estimator: Estimator) -> None:
    first = len(estimator.cohorts) - len(ALL_ENDED)
    last = [estimator.steps(first + number)[-1]["incidence"] for number in range(len(ALL_ENDED))]
    assert max(last) <= 1
    assert min(last) == pytest.approx(1)


def aalen_johansen(items: list[Item]) -> dict[int, tuple[float, float]]:
    """Incidence and its variance at each instant, summed up by the definition."""
    times = sorted({seconds for _, seconds in items})
    survival, incidence, found = 1.0, 0.0, []
    for time in times:
        risked = sum(seconds >= time for _, seconds in items)
        ending = sum(item == ("ended", time) for item in items)
        stopping = ending + sum(item == ("competing", time) for item in items)
        incidence += survival * ending / risked
        found.append((time, risked, ending, stopping, survival, incidence))
        survival *= 1 - stopping / risked
    return {
        time: (
            now,
            sum(
                (now - then) ** 2 * (stopping / (risked * (risked - stopping)) if risked > stopping else 0)
                + before**2 * (risked - ending) / risked * ending / risked**2
                - 2 * (now - then) * before * ending / risked**2
                for earlier, risked, ending, stopping, before, then in found
                if earlier <= time
            ),
        )
        for time, _, _, _, _, now in found
    }


@pytest.mark.parametrize("number", range(len(COMPETING)))
def test_competing_ends_are_neither_ends_nor_censored(estimator: Estimator, number: int) -> None:
    theirs = aalen_johansen(COMPETING[number])
    for step in estimator.steps(len(CENSORED) + number):
        incidence, variance = theirs[step["duration_seconds"]]
        assert step["incidence"] == pytest.approx(incidence, abs=1e-9)
        if step["ending"] and incidence < 1 - 1e-9:
            width = 1.959964 * math.sqrt(variance) / ((1 - incidence) * -math.log(1 - incidence))
            assert step["incidence_high"] == pytest.approx(1 - (1 - incidence) ** math.exp(width), abs=1e-6)


def test_quantiles_are_the_first_instants_by_which_that_share_has_ended(estimator: Estimator) -> None:
    estimate = estimator.estimate(len(CENSORED) + len(COMPETING))
    assert [estimate[f"p{percent}_seconds"] for percent in (50, 75, 90)] == [20, 30, 36]
    interval = ecdf([seconds for _, seconds in UNCENSORED]).sf.confidence_interval(method="log-log")
    within = [second for second in range(1, 41) if interval.low.evaluate(second) <= 0.5]
    beyond = [second for second in range(1, 41) if interval.high.evaluate(second) <= 0.5]
    assert (estimate["p50_low_seconds"], estimate["p50_high_seconds"]) == (within[0], beyond[0])
    assert estimate["item_count"] == estimate["ended_count"] == 40


def test_too_few_items_are_not_enough_data(estimator: Estimator) -> None:
    estimate = estimator.estimate(len(CENSORED) + len(COMPETING) + 1)
    assert {estimate[f"p{percent}_seconds"] for percent in (50, 75, 90)} == {None}
    assert {estimate[f"p{percent}_seconds_null_reason"] for percent in (50, 75, 90)} == {"not_enough_data"}


def test_what_too_few_have_reached_is_not_reached(estimator: Estimator) -> None:
    estimate = estimator.estimate(len(CENSORED) + len(COMPETING) + 2)
    assert (estimate["p50_seconds"], estimate["p50_seconds_null_reason"]) == (None, "not_reached")
    assert (estimate["censored_count"], estimate["ended_count"]) == (40, 1)
