"""The ledger of compared facts: what is left out, excused for nothing, or never read is found."""

import json
from pathlib import Path

import pytest
from support.facts import Facts, compares, facts_of, uncompared

FILE = "invented"


@compares(FILE, "runs.*.state", "summary.count")
def compared(facts: Facts) -> None:
    assert facts("runs.*.state") == {"1": "done", "2": "open"}


@pytest.fixture
def expected(tmp_path: Path) -> Path:
    runs = {"1": {"state": "done", "at": 1}, "2": {"state": "open", "at": 2}}
    content = {"runs": runs, "summary": {"count": 2, "states": {"done": 1}}}
    (tmp_path / f"{FILE}.json").write_text(json.dumps(content), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("untold", "found"),
    [
        ({}, {"runs.1.at", "runs.2.at", "summary.states.done"}),
        ({"runs.*.at": "why", "summary.states": "why"}, set()),
        ({"runs.*.at": "why", "summary.states": "why", "summary.gone": "why"}, {"summary.gone"}),
        ({"runs.*.at": "why", "summary.states": "why", "summary.count": "why"}, {"summary.count"}),
    ],
)
def test_what_is_left_out_and_what_is_excused_for_nothing_is_found(
    expected: Path, untold: dict[str, str], found: set[str]
) -> None:
    assert uncompared(expected, FILE, untold) == found


def test_a_fact_that_is_said_to_be_compared_must_be_read_and_no_other_can_be(expected: Path) -> None:
    facts = facts_of(compared, expected)
    given = next(facts)
    compared(given)
    with pytest.raises(AssertionError, match="is not said to be compared"):
        given("runs.*.at")
    with pytest.raises(AssertionError, match="never read"):
        next(facts)
