"""Rules for what was loaded, before anything is made of it.

Reconciliation with the source's own counts, freshness, volume, the share of rejected rows, and clocks. All
are derived from the connector's dataset as the warehouse holds it; keys and nulls are dbt's to test.
"""

from collections.abc import Callable, Sequence

from quality.suites.check import Catalogue, Check, Source, relations, sql, union

MISSING_TOLERANCE = 0.005
"""Share of a scope that may be missing. The source counts at the start of a walk, and what is deleted at the
source before the walk gets there is never seen; more than 0.5 % has not been deletions."""

REJECTED_TOLERANCE = 0.01
"""Share of a table that may be rejected before its facts are no longer trusted."""

REJECTED_MINIMUM = 5
"""Rejected rows from which the share counts: in a table of three rows, one odd row is 33 %."""

STALE_HOURS = 24
"""A connection is stale a day behind the last run: hourly runs have then failed two dozen times."""

CLOCK_SKEW_SECONDS = 3600
"""Slack between the source's clock and ours. A zone that was read wrongly is off by an hour or more."""

_PAST_COLUMNS = ("created_at", "updated_at", "started_at", "day")
"""Columns of raw tables that can only lie before the reading."""

_OWN_TABLES = ("source_counts", "rejected_rows")


def checks(sources: Sequence[Source]) -> tuple[Check, ...]:
    """Freshness once, the other rules for each connector's dataset."""
    return (_FRESHNESS, *(check for source in sources for check in _of_dataset(source)))


def _of_dataset(source: Source) -> tuple[Check, ...]:
    dataset = source.dataset
    return (
        Check(
            f"{dataset}.source_counts",
            "rows_reconcile_with_source",
            "blocking",
            "Each scope holds as many rows, loaded or rejected, as the source itself counts in it, less "
            f"{MISSING_TOLERANCE:.1%} for what was deleted there during the walk. More rows are no breach: "
            "what a source deletes later stays here.",
            _missing_rows(dataset),
        ),
        Check(
            f"{dataset}.rejected_rows",
            "rejected_rows_are_few",
            "blocking",
            f"No table of a connection lost {REJECTED_MINIMUM} rows or more to rejection that make up over "
            f"{REJECTED_TOLERANCE:.0%} of it.",
            _rejected_share(dataset),
        ),
        Check(
            f"{dataset}.rejected_rows",
            "no_rows_are_rejected",
            "warning",
            "No row broke the declared types of its table.",
            sql(
                "select connection, table_name, rule, count(*) as rejected_count,"
                f" max(rejected_at) as latest_at from {dataset}.rejected_rows"
                " group by connection, table_name, rule"
            ),
        ),
        Check(
            f"{dataset}.source_counts",
            "loaded_connections_hold_rows",
            "warning",
            "A connection that was loaded holds at least one row: with none, its token sees nothing.",
            _empty_connections(source),
        ),
        Check(
            f"{dataset}.source_counts",
            "rows_belong_to_a_connection",
            "warning",
            "Each row's connection is one of the settings': rows of a connection that was renamed without "
            "`previous_name`, or removed, would still be counted.",
            _orphaned_rows(dataset),
        ),
        Check(
            f"{dataset}.source_counts",
            "rows_are_not_from_the_future",
            "blocking",
            "No row was made or begun at the source over an hour after it was read: its zone was lost.",
            _future_rows(dataset),
        ),
    )


_FRESHNESS = Check(
    "raw_flowgauge.connections",
    "connections_are_fresh",
    "warning",
    f"Each connection was loaded at most {STALE_HOURS} hours before the last run.",
    sql(
        "select connections.connection, connections.loaded_through_at, connections.last_outcome,"
        " connections.last_error, latest.started_at as last_run_at"
        " from raw_flowgauge.connections as connections"
        " cross join (select max(started_at) as started_at from raw_flowgauge.runs) as latest"
        " where connections.loaded_through_at is null"
        f" or connections.loaded_through_at < latest.started_at - interval '{STALE_HOURS}' hour"
    ),
)


def _tables(catalogue: Catalogue, dataset: str) -> list[str]:
    """The connector's own tables: what the loader keeps for itself has no `connection`."""
    return [
        relation
        for relation in relations(catalogue, dataset, "connection")
        if relation.partition(".")[2] not in _OWN_TABLES
    ]


def _missing_rows(dataset: str) -> Callable[[Catalogue], str]:
    def breaches(catalogue: Catalogue) -> str:
        loaded = union(
            (
                f"select connection, '{relation.partition('.')[2]}' as table_name, {scope} as scope,"
                f" count(*) as row_count from {relation} group by all"
                for relation in _tables(catalogue, dataset)
                for scope in _scopes(catalogue[relation])
            ),
            f"no table of {dataset}",
        )
        return f"""
with loaded as (
{loaded}
),
rejected as (
    select connection, table_name, count(*) as row_count from {dataset}.rejected_rows group by all
),
counted as (
    select * from {dataset}.source_counts
    qualify row_number() over (partition by connection, table_name, scope order by counted_at desc) = 1
)
select
    counted.connection, counted.table_name, counted.scope, counted.source_count, counted.counted_at,
    coalesce(loaded.row_count, 0) as loaded_count, coalesce(rejected.row_count, 0) as rejected_count
from counted
left join loaded using (connection, table_name, scope)
left join rejected using (connection, table_name)
where coalesce(loaded.row_count, 0) + coalesce(rejected.row_count, 0)
    < counted.source_count * (1 - {MISSING_TOLERANCE})
"""

    return breaches


def _scopes(columns: Sequence[str]) -> list[str]:
    """SQL of the scopes that a count can be about: the whole table, or one value of an id or a day."""
    parts = [column for column in columns if column.endswith("_id") or column == "day"]
    return ["''", *(f"'{column}=' || {column}" for column in parts if not column.startswith("_"))]


def _rejected_share(dataset: str) -> Callable[[Catalogue], str]:
    def breaches(catalogue: Catalogue) -> str:
        loaded = union(
            (
                f"select connection, '{relation.partition('.')[2]}' as table_name, count(*) as row_count"
                f" from {relation} group by all"
                for relation in _tables(catalogue, dataset)
            ),
            f"no table of {dataset}",
        )
        return f"""
with loaded as (
{loaded}
),
rejected as (
    select connection, table_name, count(*) as row_count from {dataset}.rejected_rows group by all
)
select
    connection, table_name, rejected.row_count as rejected_count,
    coalesce(loaded.row_count, 0) as loaded_count
from rejected
left join loaded using (connection, table_name)
where rejected.row_count >= {REJECTED_MINIMUM}
    and rejected.row_count > {REJECTED_TOLERANCE} * (rejected.row_count + coalesce(loaded.row_count, 0))
"""

    return breaches


def _connections_with_rows(catalogue: Catalogue, dataset: str) -> str:
    return union(
        (
            f"select connection, '{relation}' as relation, count(*) as row_count from {relation} group by all"
            for relation in _tables(catalogue, dataset)
        ),
        f"no table of {dataset}",
    )


def _empty_connections(source: Source) -> Callable[[Catalogue], str]:
    return lambda catalogue: (
        f"""
select connection, loaded_through_at
from raw_flowgauge.connections
where connector = '{source.connector}' and loaded_through_at is not null
    and connection not in (
        select connection from ({_connections_with_rows(catalogue, source.dataset)}) as loaded
    )
"""
    )


def _orphaned_rows(dataset: str) -> Callable[[Catalogue], str]:
    return lambda catalogue: (
        f"""
select *
from ({_connections_with_rows(catalogue, dataset)}) as loaded
where connection is null or connection not in (select connection from raw_flowgauge.connections)
"""
    )


def _future_rows(dataset: str) -> Callable[[Catalogue], str]:
    def breaches(catalogue: Catalogue) -> str:
        return union(
            (
                f"select connection, '{relation}' as relation, '{column}' as column_name,"
                f" count(*) as row_count, max({column}) as latest_at from {relation}"
                f" where {column} > extracted_at + interval '{CLOCK_SKEW_SECONDS}' second group by all"
                for column in _PAST_COLUMNS
                for relation in relations(catalogue, dataset, "connection", "extracted_at", column)
            ),
            f"no time or day of the past in {dataset}",
        )

    return breaches
