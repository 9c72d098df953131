"""Marts of two connections that read one organisation, compared by what people call things, never by keys.

A mart is turned into rows of natural ids: each `…_key` column becomes the name of what it points at, the
mart's own key is left out. Rows are then paired by the mart's natural id, and columns compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

Row = dict[str, Any]

_NAMES = """
create temp table names as
select repository_key as key, connection, name from marts.dim_repository
union all
select change_key, c.connection, r.name || '#' || c.number
from marts.fct_changes as c inner join marts.dim_repository as r using (repository_key)
union all
select b.person_key, null, min(replace(a.login, '[bot]', ''))
from marts.bridge_person_accounts as b
inner join warehouse.raw_flowgauge.person_accounts as p using (account_key)
inner join warehouse.canonical.accounts as a on p.connection = a.connection and p.account = a.source_id
group by b.person_key
union all
select team_key, null, name from marts.dim_team
union all
select service_key, null, name from marts.dim_service
union all
select environment_key, null, name from marts.dim_environment
union all
select runner_pool_key, null, name from marts.dim_runner_pool
union all
select deployment_key, d.connection,
    r.name || ' ' || e.name || ' ' || d.sha || ' ' || d.created_at
from marts.fct_deployments as d
inner join marts.dim_repository as r using (repository_key)
inner join marts.dim_environment as e using (environment_key)
union all
select commit_key, c.connection, r.name || ' ' || c.sha
from marts.fct_commits as c inner join marts.dim_repository as r using (repository_key)
union all
select ci_run_key, i.connection, r.name || ' ' || i.sha || ' ' || i.queued_at || ' ' || i.attempt
from marts.fct_ci_runs as i inner join marts.dim_repository as r using (repository_key)
"""


@dataclass(frozen=True)
class Mart:
    """How rows of a mart are told apart by natural ids.

    Attributes:
        name: of the mart.
        id: its columns that, taken together, name a row; `_key` columns stand for the names behind them.
        owner: the key column that tells which connection a row belongs to.
        without: columns that no two connections share, such as the vendor's own ids.
        only: SQL condition on the rows, `m`, that are compared.
    """

    name: str
    id: tuple[str, ...]
    owner: str
    without: tuple[str, ...] = ()
    only: str = "true"


class Difference(NamedTuple):
    """How often a column (or, where it is empty, a whole row) differs, and one example."""

    mart: str
    column: str
    count: int
    example: str


class Comparison:
    """The marts of a published snapshot, seen by connection."""

    def __init__(self, home: Path) -> None:
        self._connection = duckdb.connect()
        published = home / "published" / "flowgauge.duckdb"
        self._connection.execute(f"attach '{published}' as published (read_only)")
        self._connection.execute(f"attach '{home / 'warehouse.duckdb'}' as warehouse (read_only)")
        self._connection.execute("use published")
        self._connection.execute(_NAMES)

    def rows(self, mart: Mart, connection: str) -> dict[tuple[Any, ...], Row]:
        """Rows of a connection by their natural ids; raises AssertionError where two share one."""
        columns = [name for (name, *_) in self._query(f"describe marts.{mart.name}")]
        own = columns[0] if columns[0].endswith("_key") and columns[0] not in mart.id else ""
        kept = [name for name in columns if name not in {own, "connection", *mart.without}]
        named = [
            f"coalesce((select min(name) from names where key = m.{name}), m.{name}) as {name}"
            if name.endswith("_key")
            else f"m.{name}"
            for name in kept
        ]
        found = self._query(
            f"select {', '.join(named)} from marts.{mart.name} as m "
            f"where m.{mart.owner} in (select key from names where connection = '{connection}') "
            f"and ({mart.only})"
        )
        rows: dict[tuple[Any, ...], Row] = {}
        for values in found:
            row = dict(zip(kept, values, strict=True))
            key = tuple(row[name] for name in mart.id)
            assert key not in rows, f"{mart.name} has two rows {key}"
            rows[key] = row
        return rows

    def differences(self, mart: Mart, left: str, right: str) -> list[Difference]:
        """Columns in which rows of two connections differ, and rows that only one of them has."""
        ours, theirs = self.rows(mart, left), self.rows(mart, right)
        found = [
            Difference(mart.name, side, len(keys), str(min(keys, key=str)))
            for side, keys in (
                (f"only {left}", ours.keys() - theirs.keys()),
                (f"only {right}", theirs.keys() - ours.keys()),
            )
            if keys
        ]
        both = ours.keys() & theirs.keys()
        columns = next(iter(ours.values())).keys() if ours else ()
        for column in columns:
            unequal = sorted((key for key in both if ours[key][column] != theirs[key][column]), key=str)
            if unequal:
                key = unequal[0]
                example = f"{key}: {ours[key][column]!r} and {theirs[key][column]!r}"
                found.append(Difference(mart.name, column, len(unequal), example))
        return found

    def names(self) -> dict[str, str]:
        """What people call the things behind keys."""
        return dict(self._query("select key, min(name) from names group by key"))

    def _query(self, sql: str) -> Sequence[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()


# Not every vendor lets teams be asked: what follows from such requests is compared elsewhere or nowhere.
_ASKED_OF_PERSONS_ONLY = """
m.mechanism != 'review_request'
or (select min(name) from names where key = m.flow_item_key) not in (
    select n.name
    from marts.fct_review_requests as r inner join names as n on r.change_key = n.key
    where r.asked_team is not null
)
"""
# Jobs so short that a runner's clock makes them end before they start: vendors mend that in different ways.
_LASTING = "m.run_seconds > 0 or m.run_seconds is null"

MARTS = (
    Mart("fct_changes", ("repository_key", "number"), "repository_key", ("source_id",)),
    Mart(
        "fct_stage_visits",
        ("flow_item_key", "stage_key", "visit_number"),
        "flow_item_key",
        ("source_event_id",),
    ),
    Mart(
        "fct_handoffs",
        ("flow_item_key", "mechanism", "from_role", "to_role", "round_number"),
        "flow_item_key",
        only=_ASKED_OF_PERSONS_ONLY,
    ),
    Mart("fct_review_requests", ("change_key", "person_key", "asked_team", "asked_at"), "change_key"),
    Mart(
        "fct_deployments",
        ("repository_key", "environment_key", "sha", "created_at"),
        "repository_key",
        ("source_id",),
    ),
    Mart(
        "fct_ci_runs",
        ("repository_key", "sha", "queued_at", "attempt"),
        "repository_key",
        ("source_id", "run"),
    ),
    Mart(
        "fct_ci_jobs",
        ("repository_key", "sha", "name", "queued_at", "attempt"),
        "repository_key",
        ("source_id",),
        only=_LASTING,
    ),
    Mart("fct_commits", ("repository_key", "sha"), "repository_key"),
    Mart("fct_releases", ("repository_key", "tag"), "repository_key", ("source_id",)),
    Mart("bridge_change_services", ("change_key", "service_key"), "change_key"),
    Mart("bridge_deployment_changes", ("deployment_key", "change_key"), "change_key"),
    Mart("bridge_deployment_commits", ("deployment_key", "commit_key"), "deployment_key"),
)
