"""Metric marts held against figures that are worked out anew from the truth of a simulated company.

`metric_definitions` says what each mart is made of, by queries over truth; here is what they have in common:
the cohorts of a latency by week and scope, the estimate of when half of a cohort has ended, and how near the
mart's figure must be. Nothing is taken from the models that make the marts.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import chain, groupby
from math import inf, isclose, sqrt
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import duckdb

REPORTING_ZONE = ZoneInfo("Europe/Berlin")
FEWEST = {50: 5, 75: 5, 90: 30}
"""Quantile in percent → of how many items at least it is published."""
STAMP_SECONDS = 5
"""By how much an instant that a vendor stamps may be wrong: its own delay and the clocks' skew."""
COUNTS = ("item_count", "ended_count", "competing_count", "censored_count")

Row = dict[str, Any]
Key = tuple[Any, ...]
Companies = Sequence[duckdb.DuckDBPyConnection]


@dataclass(frozen=True)
class Metric:
    """Figures of a mart that truth tells as well.

    Attributes:
        name: the mart, and what of it.
        where: companies whose vendors tell of it.
        truth: gives the figures by the truth of some companies; what they hold is what is compared.
        marts: query of the mart's figures for the same company, or for all where it has no scope of one.
        key: columns that name a row.
        is_shared: whether the mart has no scope of one company; truth's figures are of all together then.
        finish: makes the figures to compare of what truth tells; None where the mart is to say nothing.
        stamp_seconds: by how much each instant may be wrong for the vendors' stamps and clocks.
    """

    name: str
    where: Sequence[str]
    truth: Callable[[Companies], Iterable[Row]]
    marts: str
    key: Sequence[str]
    is_shared: bool = False
    stamp_seconds: int = STAMP_SECONDS
    finish: Callable[[Row], Row | None] | None = None


class Item(NamedTuple):
    """Something that takes time; its outcome is `ended`, `competing` (it ended otherwise) or `censored`."""

    subject: str
    places: tuple[tuple[str, str], ...]
    started_at: int
    ended_at: int | None
    outcome: str


class Quantile(NamedTuple):
    """Seconds until a share of a cohort has ended, and where chance may place it in a cohort of its size."""

    seconds: int
    low: int
    high: float


class Between(NamedTuple):
    """What truth cannot tell exactly: the ends of where a figure may be, None where it is never reached."""

    low: float
    high: float


class Week(NamedTuple):
    """An ISO week of the reporting zone, in seconds since 1970."""

    start: date
    starts_at: int
    ends_at: int


@cache
def _week(start: date) -> Week:
    days = (start, start + timedelta(days=7))
    instants = (datetime(day.year, day.month, day.day, tzinfo=REPORTING_ZONE) for day in days)
    return Week(start, *(int(instant.timestamp()) for instant in instants))


def week_of(at: int) -> Week:
    """Return the week that an instant lies in."""
    day = datetime.fromtimestamp(at, UTC).astimezone(REPORTING_ZONE).date()
    return _week(day - timedelta(days=day.weekday()))


def weeks_from(first: Week, until: int) -> Iterator[Week]:
    """Yield the weeks from one on that begin before an instant."""
    week = first
    while week.starts_at < until:
        yield week
        week = _week(week.start + timedelta(days=7))


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    """Return the rows of a query; instants as seconds since 1970."""
    result = connection.execute(query)
    names = [name for name, *_ in result.description or ()]
    return [dict(zip(names, map(_in_seconds, row), strict=True)) for row in result.fetchall()]


def _in_seconds(value: Any) -> Any:
    """Return an instant, which DuckDB gives in UTC, as seconds since 1970, and anything else as it is."""
    return round(value.replace(tzinfo=UTC).timestamp()) if isinstance(value, datetime) else value


def until_of(connection: duckdb.DuckDBPyConnection) -> int:
    """Return the instant that figures are as of."""
    return int(rows_of(connection, "select as_of() as until_at")[0]["until_at"])


def items_of(companies: Companies, query: str, scopes: Sequence[str]) -> Iterator[Item]:
    """Yield the rows of a query of items, which has a column for each scope that is not of all companies."""
    for row in chain.from_iterable(rows_of(company, query) for company in companies):
        places = tuple(
            (scope, str(row.get(scope, "all"))) for scope in scopes if row.get(scope, "all") is not None
        )
        yield Item(row["subject"], places, row["started_at"], row["ended_at"], row["outcome"])


def cohorts_of(items: Iterable[Item], until: int) -> dict[Key, list[tuple[int, str]]]:
    """Return (subject, cohort, week, scope, place) → duration and outcome of each item in it.

    An item arrives in the week that it starts in, departs in the week that it ends in as it should, and is
    in the snapshot at the end of each week through which it is under way.
    """
    cohorts: dict[Key, list[tuple[int, str]]] = defaultdict(list)
    for item in items:
        end = until if item.outcome == "censored" or item.ended_at is None else item.ended_at
        first, last = week_of(item.started_at), week_of(end)
        found = [("arrivals", first.start, end - item.started_at, item.outcome)]
        if item.outcome == "ended":
            found.append(("departures", last.start, end - item.started_at, "ended"))
        for week in weeks_from(first, until):
            if week.start <= last.start and (item.outcome == "censored" or end >= week.ends_at):
                found.append(("snapshot", week.start, min(week.ends_at, until) - item.started_at, "ended"))
        for cohort, week_start, seconds, outcome in found:
            for scope, place in item.places:
                cohorts[item.subject, cohort, week_start, scope, place].append((seconds, outcome))
    return cohorts


def incidence_of(durations: Iterable[tuple[int, str]]) -> list[tuple[int, float]]:
    """Return the share that has ended by each duration: what else may end an item takes it away for good."""
    ordered = sorted(durations)
    at_risk, under_way, share, steps = len(ordered), 1.0, 0.0, []
    for seconds, group in groupby(ordered, key=lambda each: each[0]):
        outcomes = [outcome for _, outcome in group]
        gone = len(outcomes) - outcomes.count("censored")
        share += under_way * outcomes.count("ended") / at_risk
        under_way *= 1 - gone / at_risk
        at_risk -= len(outcomes)
        steps.append((seconds, share))
    return steps


def quantile_of(steps: Sequence[tuple[int, float]], percent: int, count: int) -> Quantile | None:
    """Return a quantile with the binomial's 95 % range of its place; None where it is not reached."""
    p = percent / 100
    spread = 1.96 * sqrt(p * (1 - p) / count)

    def reached(share: float) -> float:
        return next((seconds for seconds, so_far in steps if so_far >= share - 1e-9), inf)

    seconds = reached(p)
    return None if seconds == inf else Quantile(int(seconds), int(reached(p - spread)), reached(p + spread))


def estimates_of(items: Iterable[Item], until: int) -> Iterator[Row]:
    """Yield the figures of each cohort."""
    for (subject, cohort, week_start, scope, place), durations in cohorts_of(items, until).items():
        outcomes = [outcome for _, outcome in durations]
        steps, count = incidence_of(durations), len(durations)
        row = {
            "subject": subject,
            "cohort": cohort,
            "week_start": week_start,
            "scope": scope,
            "place": place,
            "item_count": count,
            "ended_count": outcomes.count("ended"),
            "competing_count": outcomes.count("competing"),
            "censored_count": outcomes.count("censored"),
            "is_final": _week(week_start).ends_at <= until and "censored" not in outcomes,
        }
        for percent, fewest in FEWEST.items():
            seconds = quantile_of(steps, percent, count) if count >= fewest else None
            row[f"p{percent}_seconds"] = seconds
            row[f"p{percent}_seconds_null_reason"] = (
                "not_enough_data" if count < fewest else "not_reached" if seconds is None else None
            )
        yield row


def differences(metric: Metric, connections: Mapping[str, duckdb.DuckDBPyConnection]) -> list[str]:
    """Return in words where a mart and the truths of these companies differ, or have nothing to compare."""
    groups: dict[str, Companies] = {company: [connection] for company, connection in connections.items()}
    if metric.is_shared:
        groups = {"all": list(connections.values())}
    return [
        difference
        for name, companies in groups.items()
        for difference in _differences(
            metric, list(metric.truth(companies)), rows_of(companies[0], metric.marts), name
        )
    ]


def _differences(metric: Metric, truth: Sequence[Row], marts: Sequence[Row], company: str) -> Iterator[str]:
    if metric.finish:
        truth = [finished for row in truth if (finished := metric.finish(row)) is not None]
    expected, found = (
        {tuple(row[name] for name in metric.key): row for row in rows} for rows in (truth, marts)
    )
    if not expected:
        yield f"{company}: there is nothing to compare"
    if len(expected) < len(truth) or len(found) < len(marts):
        yield f"{company}: {', '.join(metric.key)} is no key"
    yield from (f"{company}: no row of {key}" for key in expected.keys() - found.keys())
    yield from (f"{company}: {key} never was" for key in found.keys() - expected.keys())
    for key in expected.keys() & found.keys():
        for name in expected[key].keys() - set(metric.key):
            right, said = expected[key][name], found[key][name]
            if not _agree(name, right, said, metric.stamp_seconds):
                yield f"{company}: {key}: {name} is {right}, not {said}"


def _agree(name: str, right: Any, said: Any, stamp_seconds: int) -> bool:
    """Whether a mart's figure is truth's, as nearly as stamps allow and no further off than by chance."""
    if isinstance(right, Between):
        return bool(right.low <= (inf if said is None else said) <= right.high)
    if right is None or said is None or isinstance(right, str | bool):
        return bool(right == said)
    if isinstance(right, Quantile):
        is_stamped = abs(said - right.seconds) <= 2 * stamp_seconds
        return is_stamped and right.low <= said <= right.high
    if name.endswith("_at"):
        return bool(abs(said - right) <= stamp_seconds)
    if name.endswith("_seconds"):
        return bool(abs(said - right) <= 2 * stamp_seconds)
    return isclose(right, said, abs_tol=1e-9)
