"""Vendors' rate-limit headers, each in its own unit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from ingestion.rate_limits import Budget, RateLimitPolicy, ResetUnit, retry_after_seconds

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
DATE = format_datetime(NOW, usegmt=True)


@pytest.mark.parametrize(
    ("unit", "reset"),
    [
        ("epoch_seconds", str(int(NOW.timestamp()) + 90)),
        ("epoch_milliseconds", str((int(NOW.timestamp()) + 90) * 1000)),
        ("delta_seconds", "90"),
        ("iso", (NOW + timedelta(seconds=90)).isoformat()),
        ("iso", "2026-11-23T12:01:30Z"),
    ],
)
def test_the_reset_is_read_in_the_vendors_unit(unit: ResetUnit, reset: str) -> None:
    policy = RateLimitPolicy(budgets=(Budget("Remaining", "Reset", unit),))
    headers = {"Date": DATE, "Remaining": "0", "Reset": reset}
    assert policy.seconds_until_refilled(headers) == pytest.approx(91)


def test_a_budget_that_is_left_is_not_waited_for() -> None:
    policy = RateLimitPolicy(budgets=(Budget("Remaining", "Reset", "delta_seconds"),))
    assert policy.seconds_until_refilled({"Remaining": "3", "Reset": "90"}) is None


@pytest.mark.parametrize(
    "headers", [{}, {"Remaining": "many", "Reset": "90"}, {"Remaining": "0", "Reset": "soon"}]
)
def test_headers_that_cannot_be_read_are_no_reason_to_wait(headers: dict[str, str]) -> None:
    policy = RateLimitPolicy(budgets=(Budget("Remaining", "Reset", "iso"),))
    assert policy.seconds_until_refilled(headers) is None


def test_of_two_budgets_the_lower_is_told_and_the_longer_wait_counts() -> None:
    policy = RateLimitPolicy(
        budgets=(
            Budget("Org-Left", "Org-Reset", "delta_seconds"),
            Budget("User-Left", "User-Reset", "delta_seconds"),
        )
    )
    headers = {"Org-Left": "7", "Org-Reset": "90", "User-Left": "0", "User-Reset": "30"}
    assert policy.left(headers) == 0
    assert policy.seconds_until_refilled(headers) == pytest.approx(31)
    assert policy.seconds_until_refilled({**headers, "Org-Left": "0"}) == pytest.approx(91)


def test_retry_after_precedes_the_reset() -> None:
    policy = RateLimitPolicy(budgets=(Budget("Remaining", "Reset", "delta_seconds"),))
    assert policy.seconds_to_wait({"Remaining": "0", "Reset": "90", "Retry-After": "5"}) == 5


@pytest.mark.parametrize("value", ["", "soon", "Tomorrow, maybe"])
def test_a_retry_after_that_cannot_be_read_is_none(value: str) -> None:
    assert retry_after_seconds({"Retry-After": value}) is None


def test_a_retry_after_in_the_past_is_no_wait() -> None:
    past = format_datetime(NOW - timedelta(hours=1), usegmt=True)
    assert retry_after_seconds({"Retry-After": past, "Date": DATE}) == 0


@pytest.mark.parametrize(
    ("status", "headers", "body", "is_limited"),
    [
        (429, {}, "", True),
        (403, {"Retry-After": "5"}, "", True),
        (403, {"Remaining": "0"}, "", True),
        (403, {"Remaining": "5"}, "You have exceeded a secondary rate limit", True),
        (403, {"Remaining": "5"}, "Must have admin rights", False),
        (404, {"Remaining": "0"}, "rate limit", False),
    ],
)
def test_which_refusals_are_limits(status: int, headers: dict[str, str], body: str, is_limited: bool) -> None:
    policy = RateLimitPolicy(budgets=(Budget("Remaining", "Reset", "delta_seconds"),))
    assert policy.is_limited(status, headers, body) is is_limited
