"""What must hold for the flow marts of any history; each check yields one sentence per breach.

The checks read rows as a BI user would and recompute nothing that the models compute. That each can fail
is shown by `tests/transform/flow/test_invariants.py`, which breaks one row for each.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

Row = dict[str, Any]


class Span(NamedTuple):
    """From where to where a flow item's visits reach (null while it lasts), and the time it was in none."""

    started_at: datetime
    ended_at: datetime | None
    closed_seconds: int


@dataclass
class FlowMarts:
    """Rows of the marts, and the span of each flow item by its key."""

    spans: Mapping[str, Span]
    visits: list[Row]
    handoffs: list[Row]
    daily: list[Row]

    def by_item(self) -> dict[str, list[Row]]:
        """The visits of each item in the order in which they began."""
        items: dict[str, list[Row]] = defaultdict(list)
        for visit in sorted(self.visits, key=lambda visit: visit["entered_at"]):
            items[visit["flow_item_key"]].append(visit)
        return items


Check = Callable[[FlowMarts], Iterator[str]]


def visits_do_not_overlap(marts: FlowMarts) -> Iterator[str]:
    """A visit begins when the one before it has ended, at the earliest."""
    for key, visits in marts.by_item().items():
        for first, second in pairwise(visits):
            if first["exited_at"] is None or first["exited_at"] > second["entered_at"]:
                yield f"{key}: the visit from {first['entered_at']} runs into {second['entered_at']}"


def visits_leave_no_gap_but_closed_time(marts: FlowMarts) -> Iterator[str]:
    """Only a closing is followed by a pause: an abandonment, or the end of a ticket or an incident."""
    for key, visits in marts.by_item().items():
        is_change = visits[0]["flow_item_type"] == "change"
        for first, second in pairwise(visits):
            has_gap = first["exited_at"] != second["entered_at"]
            is_closing = first["exit_reason"] in (("abandoned",) if is_change else ("abandoned", "advanced"))
            if has_gap and not (is_closing and marts.spans[key].closed_seconds):
                yield f"{key}: nothing follows the visit from {first['entered_at']} at its end"


def visits_and_closed_time_add_up(marts: FlowMarts) -> Iterator[str]:
    """Of a flow that ended, the visits and the closed time are the whole time from its start."""
    visits = marts.by_item()
    for key, span in marts.spans.items():
        its = visits.get(key, [])
        if span.ended_at is not None and all(visit["exited_at"] is not None for visit in its):
            elapsed = (span.ended_at - span.started_at).total_seconds()
            total = sum(visit["calendar_seconds"] for visit in its) + span.closed_seconds
            if total != elapsed:
                yield f"{key}: {total} s in stages and closed, {elapsed} s elapsed"


def no_visit_is_empty(marts: FlowMarts) -> Iterator[str]:
    """No visit has zero or negative length."""
    for visit in marts.visits:
        if visit["exited_at"] is not None and visit["exited_at"] <= visit["entered_at"]:
            yield f"{visit['flow_item_key']}: the visit from {visit['entered_at']} is empty"


def equal_neighbours_are_one_visit(marts: FlowMarts) -> Iterator[str]:
    """Two visits that touch are to different stages."""
    for key, visits in marts.by_item().items():
        for first, second in pairwise(visits):
            touches = first["exited_at"] == second["entered_at"]
            if touches and first["stage_key"] == second["stage_key"]:
                yield f"{key}: one visit is two at {second['entered_at']}"


def one_visit_at_most_is_open(marts: FlowMarts) -> Iterator[str]:
    """And it is the last one."""
    for key, visits in marts.by_item().items():
        if any(visit["exited_at"] is None for visit in visits[:-1]):
            yield f"{key}: a visit is open that is not the last"


def handoffs_are_one_per_round(marts: FlowMarts) -> Iterator[str]:
    """One row per item, mechanism, roles and round."""
    columns = ("flow_item_key", "mechanism", "from_role", "to_role", "round_number")
    counts = Counter(tuple(row[column] for column in columns) for row in marts.handoffs)
    yield from (f"{grain} has {count} rows" for grain, count in counts.items() if count > 1)


def nobody_hands_over_to_themselves(marts: FlowMarts) -> Iterator[str]:
    """The people on both sides differ."""
    for row in marts.handoffs:
        is_same = row["to_person_key"] is not None and row["from_person_key"] == row["to_person_key"]
        if is_same and row["mechanism"] in ("review_request", "review_verdict"):
            yield f"{row['handoff_key']}: {row['from_person_key']} on both sides"


def handoffs_wait_forwards(marts: FlowMarts) -> Iterator[str]:
    """A handoff is accepted if and only if it has an acceptance, and waits no negative time."""
    for row in marts.handoffs:
        if (row["outcome"] == "accepted") != (row["accepted_at"] is not None):
            yield f"{row['handoff_key']}: {row['outcome']} and accepted_at {row['accepted_at']}"
        if row["wait_calendar_seconds"] is not None and row["wait_calendar_seconds"] < 0:
            yield f"{row['handoff_key']}: waits {row['wait_calendar_seconds']} s"


def flow_is_conserved(marts: FlowMarts) -> Iterator[str]:
    """Whatever came and has not gone is there, on each day of each group."""
    groups = ("flow_item_type", "stage_key", "team_key", "service_key", "repository_key")
    totals: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in sorted(marts.daily, key=lambda row: row["date_day"]):
        group = tuple(row[column] for column in groups)
        totals[group] += row["arrivals"] - row["departures"] - row["abandonments"]
        if totals[group] != row["wip_open"]:
            yield f"{row['date_day']}: {totals[group]} should be there, {row['wip_open']} are counted"


def all_that_is_open_is_counted(marts: FlowMarts) -> Iterator[str]:
    """On the last day, the work in progress is what the visits say is open."""
    last_day = max((row["date_day"] for row in marts.daily), default=None)
    counted = sum(row["wip_open"] for row in marts.daily if row["date_day"] == last_day)
    is_open = sum(visit["exited_at"] is None for visit in marts.visits)
    if counted != is_open:
        yield f"{is_open} visits are open, {counted} are counted on {last_day}"


def arrivals_are_visits(marts: FlowMarts) -> Iterator[str]:
    """Each visit arrives once."""
    arrived = sum(row["arrivals"] for row in marts.daily)
    if arrived != len(marts.visits):
        yield f"{len(marts.visits)} visits, {arrived} arrivals"


CHECKS: Sequence[Check] = (
    visits_do_not_overlap,
    visits_leave_no_gap_but_closed_time,
    visits_and_closed_time_add_up,
    no_visit_is_empty,
    equal_neighbours_are_one_visit,
    one_visit_at_most_is_open,
    handoffs_are_one_per_round,
    nobody_hands_over_to_themselves,
    handoffs_wait_forwards,
    flow_is_conserved,
    all_that_is_open_is_counted,
    arrivals_are_visits,
)
