"""The three ways in which a mart says something that truth says as well, each made of queries."""

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from support.metric_truth import (
    COUNTS,
    FEWEST,
    STAMP_SECONDS,
    Companies,
    Key,
    Metric,
    Row,
    estimates_of,
    items_of,
    rows_of,
    until_of,
)
from support.truth import COMPARISONS

TRUTHS = {comparison.name: comparison.truth for comparison in COMPARISONS}

# How an item's latency ends where a visit ends like that.
OUTCOME = """case exit_reason when 'open' then 'censored' when 'abandoned' then 'competing'
    when 'superseded' then 'competing' else 'ended' end"""


def at(mart: str, scope: str) -> str:
    """What to read the rows of a mart from that are of one company's teams, services or repositories."""
    return f"built.metrics.{mart} as mart join places on places.place_key = mart.{scope}_key"


def latencies(
    name: str,
    items: str,
    *,
    where: Sequence[str],
    subject: str,
    scopes: Sequence[str],
    only: str = "true",
    is_shared: bool = False,
) -> Metric:
    """A mart of estimates: `subject` is what it calls an item's subject, `only` says which of its rows."""
    mart = name.partition(":")[0]
    figures = [f"p{percent}_seconds{end}" for percent in FEWEST for end in ("", "_null_reason")]

    def truth(companies: Companies) -> Iterable[Row]:
        return estimates_of(items_of(companies, items, scopes), until_of(companies[0]))

    marts = f"""
        select {subject} as subject, cohort, week_start, scope, coalesce(place, 'all') as place,
            {", ".join([*COUNTS, *figures])}, is_final
        from built.metrics.{mart} as mart
        left join places using (scope)
        where
            ({only}) and scope in ({", ".join(f"'{scope}'" for scope in scopes)})
            and coalesce(place_key = coalesce(team_key, service_key, repository_key), scope = 'organisation')
    """
    key = ("subject", "cohort", "week_start", "scope", "place")
    return Metric(name, where, truth, marts, key, is_shared)


def figures(
    name: str,
    truth: str,
    marts: str,
    *,
    where: Sequence[str],
    key: Sequence[str],
    is_shared: bool = False,
    stamp_seconds: int = STAMP_SECONDS,
    finish: Callable[[Row], Row | None] | None = None,
) -> Metric:
    """A mart of counts: both sides are queries; what several companies tell of the same row is added up."""

    def rows(companies: Companies) -> Iterable[Row]:
        summed: dict[Key, Row] = {}
        for row in chain.from_iterable(rows_of(company, truth) for company in companies):
            same = summed.setdefault(tuple(row[column] for column in key), row)
            if same is not row:
                same.update({column: same[column] + row[column] for column in row.keys() - set(key)})
        return summed.values()

    return Metric(name, where, rows, marts, key, is_shared, stamp_seconds, finish)


def beside(
    name: str,
    items: str,
    *,
    where: Sequence[str],
    subjects: Sequence[str],
    scope: str,
    percents: Sequence[int] = tuple(FEWEST),
    stamp_seconds: int = STAMP_SECONDS,
) -> Metric:
    """Estimates of arrivals beside other figures of a mart, in columns that are named after their subject."""
    mart, key = name.partition(":")[0], ("subject", "week_start", "place")
    columns = [f"p{percent}_seconds{end}" for percent in percents for end in ("", "_null_reason")]

    def truth(companies: Companies) -> Iterable[Row]:
        for row in estimates_of(items_of(companies, items, (scope,)), until_of(companies[0])):
            if row["cohort"] == "arrivals" and row["subject"] in subjects:
                yield {column: row[column] for column in (*key, "item_count", "censored_count", *columns)}

    marts = " union all ".join(
        f"""
        select '{subject}' as subject, week_start, place, {subject}_count as item_count,
            {subject}_censored_count as censored_count,
            {", ".join(f"{subject}_{column} as {column}" for column in columns)}
        from {at(mart, scope)}
        where {subject}_count > 0
        """
        for subject in subjects
    )
    return Metric(name, where, truth, marts, key, stamp_seconds=stamp_seconds)
