"""Arrivals that double say nothing of latency: no figure may tell of a change that never was.

In each of fifty replicates the arrivals of the last of nine weeks double, while every latency comes from one
distribution. What ended in that week holds more of the short latencies, and is shown to be fooled.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import pytest
from support.estimates import Estimator, Item

REPLICATES = 50
ALLOWED = 6
WEEK = 7 * 86400
ARRIVALS = 300
MEDIAN, SPREAD = 24 * 3600, 1.6
TRUE_SECONDS = {50: MEDIAN, 75: MEDIAN * math.exp(0.67449 * SPREAD), 90: MEDIAN * math.exp(1.28155 * SPREAD)}


def history(seed: int) -> Iterator[tuple[int, int]]:
    """Instant and latency of each arrival, in seconds; the last week, from 0 on, has twice as many."""
    chance = random.Random(seed)
    for week in range(-8, 1):
        for _ in range(ARRIVALS if week < 0 else 2 * ARRIVALS):
            began = round((week + chance.random()) * WEEK)
            yield began, 1 + round(chance.lognormvariate(math.log(MEDIAN), SPREAD))


def arrivals(seed: int) -> list[Item]:
    """Those that began in the last week, looked at when it ends."""
    return [
        ("ended", latency) if began + latency <= WEEK else ("censored", WEEK - began)
        for began, latency in history(seed)
        if began >= 0
    ]


def departures(seed: int) -> list[Item]:
    """Those that ended in the last week, whenever they began."""
    return [("ended", latency) for began, latency in history(seed) if 0 <= began + latency < WEEK]


@pytest.fixture(scope="module")
def estimator(tmp_path_factory: pytest.TempPathFactory) -> Estimator:
    estimator = Estimator(tmp_path_factory.mktemp("bias"))
    for cohort in (arrivals, departures):
        for seed in range(REPLICATES):
            estimator.add(cohort(seed))
    estimator.run()
    return estimator


def fooled(estimator: Estimator, first: int, percent: int) -> int:
    """In how many replicates the truth lies outside of the interval; an end not reached is open."""
    estimates = estimator.query(
        "from intermediate.int_metrics__latency_estimates"
        f" where cast(subject as integer) between {first} and {first + REPLICATES - 1}"
    )
    assert len(estimates) == REPLICATES
    return sum(
        not (
            (estimate[f"p{percent}_low_seconds"] or 0)
            <= TRUE_SECONDS[percent]
            <= (estimate[f"p{percent}_high_seconds"] or math.inf)
        )
        for estimate in estimates
    )


@pytest.mark.parametrize("percent", TRUE_SECONDS)
def test_more_arrivals_alone_move_no_latency_of_arrivals(estimator: Estimator, percent: int) -> None:
    assert fooled(estimator, 0, percent) <= ALLOWED


@pytest.mark.parametrize("percent", TRUE_SECONDS)
def test_what_ended_in_the_week_is_fooled(estimator: Estimator, percent: int) -> None:
    assert fooled(estimator, REPLICATES, percent) > ALLOWED
