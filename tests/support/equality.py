"""Marts that two runs made of one organisation, compared by what people call things, never by keys.

A mart is turned into rows of natural ids: each `…_key` column becomes the name of what it points at, the
mart's own key is left out. Rows are then paired by the mart's natural id, and columns compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

Row = dict[str, Any]

# A ticket is known by the team whose tracker it stands in and its number there: Jira calls it CHEC-12, GitLab
# acme/checkout#12. Things that no connection owns belong to those whose rows tell of them.
_NAMES = """
create temp table names as
select repository_key as key, connection, name from marts.dim_repository
union all
select change_key, c.connection, r.name || '#' || c.number
from marts.fct_changes as c inner join marts.dim_repository as r using (repository_key)
union all
select work_item_key, w.connection, t.team || ' ticket ' || regexp_extract(w.name, '[0-9]+$')
from marts.dim_work_item as w
inner join (select distinct project, team from warehouse.raw_flowgauge.tracker_statuses) as t
    on w.project = t.project
union all
select b.person_key, b.connection, min(replace(a.login, '[bot]', '')) over (partition by b.person_key)
from marts.bridge_person_accounts as b
inner join warehouse.raw_flowgauge.person_accounts as p using (account_key)
inner join warehouse.canonical.accounts as a on p.connection = a.connection and p.account = a.source_id
union all
select distinct t.team_key, o.connection, t.name
from marts.dim_team as t
inner join (
    select team_key, connection from marts.fct_changes
    union all
    select team_key, connection from marts.fct_work_items
) as o using (team_key)
where t.name != 'unknown'
union all
select s.service_key, r.connection, s.name
from marts.dim_service as s
left join marts.bridge_service_repositories as b using (service_key)
left join marts.dim_repository as r using (repository_key)
union all
select distinct e.environment_key, d.connection, e.name
from marts.dim_environment as e inner join marts.fct_deployments as d using (environment_key)
union all
select runner_pool_key, connection, name from marts.dim_runner_pool
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


# What happened to what, when, by whom and to whom; who ends a deployment is not told by every vendor.
_EVENTS = {
    "change_events": """
select r.name || '#' || c.number, e.type, e.occurred_at, a.login, coalesce(s.login, e.subject_team)
from warehouse.canonical.change_events as e
inner join warehouse.canonical.changes as c on e.connection = c.connection and e.change = c.source_id
inner join warehouse.canonical.repositories as r
    on c.connection = r.connection and c.repository = r.source_id
left join logins as a on e.connection = a.connection and e.actor_account = a.account
left join logins as s on e.connection = s.connection and e.subject_account = s.account
""",
    "deployment_events": """
select r.name || ' ' || d.environment || ' ' || d.sha || ' ' || d.created_at,
    e.type, e.occurred_at, null, null
from warehouse.canonical.deployment_events as e
inner join warehouse.canonical.deployments as d
    on e.connection = d.connection and e.deployment = d.source_id
inner join warehouse.canonical.repositories as r
    on d.connection = r.connection and d.repository = r.source_id
""",
    "work_item_events": """
select n.name, e.field, e.occurred_at, a.login, s.login
from warehouse.canonical.work_item_events as e
inner join marts.fct_work_items as w on e.connection = w.connection and e.work_item = w.source_id
inner join names as n on w.work_item_key = n.key
left join logins as a on e.connection = a.connection and e.actor_account = a.account
left join logins as s
    on e.connection = s.connection and e.to_value = s.account and e.field = 'assignee'
""",
}


class Event(NamedTuple):
    """A boundary of the canonical contract, by natural ids."""

    thing: str
    type: str
    occurred_at: datetime
    actor: str | None
    subject: str | None


@dataclass(frozen=True)
class Mart:
    """How rows of a mart are told apart by natural ids.

    Attributes:
        name: of the mart.
        id: its columns that, taken together, name a row; `_key` columns stand for the names behind them.
        owner: the key, an expression over the row `m`, that tells which connection a row belongs to.
        without: columns that no two vendors share, such as their own ids.
        only: SQL condition on the rows, `m`, that are compared.
    """

    name: str
    id: tuple[str, ...]
    owner: str
    without: tuple[str, ...] = ()
    only: str = "true"


class Difference(NamedTuple):
    """A value that differs between two readings, or (of a column `only …`) a row that one of them has."""

    mart: str
    column: str
    key: tuple[Any, ...]
    ours: Any
    theirs: Any


class Reading:
    """An organisation as some connections of a home read it.

    Args:
        name: what the connections are called together.
        home: FLOWGAUGE_HOME after a run.
        connections: those that read the organisation.
    """

    def __init__(self, name: str, home: Path, *connections: str) -> None:
        self.name = name
        self._connections = connections
        self._connection = duckdb.connect()
        published = home / "published" / "flowgauge.duckdb"
        self._connection.execute(f"attach '{published}' as published (read_only)")
        self._connection.execute(f"attach '{home / 'warehouse.duckdb'}' as warehouse (read_only)")
        self._connection.execute("use published")
        self._connection.execute(_NAMES)
        self._connection.execute(
            "create temp table logins as select connection, source_id as account, "
            "replace(login, '[bot]', '') as login from warehouse.canonical.accounts"
        )

    def rows(self, mart: Mart) -> dict[tuple[Any, ...], Row]:
        """Rows by their natural ids; raises AssertionError where two that differ share one."""
        columns = [name for (name, *_) in self._query(f"describe marts.{mart.name}")]
        own = columns[0] if columns[0].endswith("_key") and columns[0] not in mart.id else ""
        kept = [name for name in columns if name not in {own, "connection", *mart.without}]
        named = [
            f"coalesce((select min(name) from names where key = m.{name}), m.{name}) as {name}"
            if name.endswith("_key")
            else f"m.{name}"
            for name in kept
        ]
        connections = ", ".join(f"'{connection}'" for connection in self._connections)
        found = self._query(
            f"select {', '.join(named)} from marts.{mart.name} as m "
            f"where {mart.owner} in (select key from names where connection in ({connections})) "
            f"and ({mart.only})"
        )
        rows: dict[tuple[Any, ...], Row] = {}
        for values in found:
            row = dict(zip(kept, values, strict=True))
            key = tuple(row[name] for name in mart.id)
            assert rows.setdefault(key, row) == row, f"{mart.name} has two rows {key}"
        return rows

    def events(self, entity: str, types: Collection[str]) -> Counter[Event]:
        """How often each event of these types is told as exact."""
        connections = ", ".join(f"'{connection}'" for connection in self._connections)
        found = self._query(
            f"{_EVENTS[entity]} where e.exactness = 'exact' and e.connection in ({connections})"
        )
        return Counter(event for event in map(Event._make, found) if event.type in types)

    def marts(self) -> set[str]:
        """Names of all marts."""
        tables = self._query(
            "select table_name from duckdb_tables() "
            "where database_name = 'published' and schema_name = 'marts'"
        )
        return {name for (name,) in tables}

    def names(self) -> dict[str, str]:
        """What people call the things behind keys."""
        return dict(self._query("select key, min(name) from names group by key"))

    def _query(self, sql: str) -> Sequence[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()


def differences(mart: Mart, left: Reading, right: Reading) -> list[Difference]:
    """Values in which rows of two readings differ, and rows that only one of them has."""
    ours, theirs = left.rows(mart), right.rows(mart)
    lonely = [
        *(Difference(mart.name, f"only {left.name}", key, row, None) for key, row in ours.items()),
        *(Difference(mart.name, f"only {right.name}", key, None, row) for key, row in theirs.items()),
    ]
    return [
        *(each for each in lonely if (each.key in ours) != (each.key in theirs)),
        *(
            Difference(mart.name, column, key, value, theirs[key][column])
            for key, row in ours.items()
            if key in theirs
            for column, value in row.items()
            if value != theirs[key][column]
        ),
    ]


def summary(found: Iterable[Difference]) -> list[str]:
    """How often each column differs, with an example, for whoever reads a failed test."""
    by_column: dict[tuple[str, str], list[Difference]] = {}
    for each in found:
        by_column.setdefault((each.mart, each.column), []).append(each)
    return [
        f"{mart}.{column}: {len(places)}, as {places[0].key}: {places[0].ours!r} and {places[0].theirs!r}"
        for (mart, column), places in by_column.items()
    ]


MARTS = (
    Mart("fct_changes", ("repository_key", "number"), "m.repository_key", ("source_id",)),
    Mart(
        "fct_stage_visits",
        ("flow_item_key", "stage_key", "visit_number"),
        "m.flow_item_key",
        ("source_event_id",),
    ),
    Mart(
        "fct_handoffs",
        ("flow_item_key", "mechanism", "from_role", "to_role", "round_number"),
        "m.flow_item_key",
    ),
    Mart("fct_review_requests", ("change_key", "person_key", "asked_team", "asked_at"), "m.change_key"),
    Mart("fct_work_items", ("work_item_key",), "m.work_item_key", ("source_id",)),
    Mart("bridge_work_item_changes", ("work_item_key", "change_key"), "m.work_item_key"),
    Mart("dim_work_item", ("work_item_key",), "m.work_item_key", ("name", "project")),
    Mart(
        "fct_flow_daily",
        ("flow_item_type", "stage_key", "team_key", "service_key", "repository_key", "date_day"),
        "coalesce(nullif(m.repository_key, md5('unknown')), m.team_key)",
    ),
    Mart(
        "fct_rejected_rows",
        ("table_name", "item_key", "measure", "rule"),
        "m.item_key",
        only="m.layer = 'marts'",
    ),
    Mart(
        "fct_deployments",
        ("repository_key", "environment_key", "sha", "created_at"),
        "m.repository_key",
        ("source_id",),
    ),
    Mart(
        "fct_ci_runs",
        ("repository_key", "sha", "queued_at", "attempt"),
        "m.repository_key",
        ("source_id", "run"),
    ),
    Mart(
        "fct_ci_jobs",
        ("repository_key", "sha", "name", "queued_at", "attempt"),
        "m.repository_key",
        ("source_id",),
    ),
    Mart("fct_test_cycles", ("repository_key", "sha"), "m.repository_key"),
    Mart("fct_commits", ("repository_key", "sha"), "m.repository_key"),
    Mart("fct_releases", ("repository_key", "tag"), "m.repository_key", ("source_id",)),
    Mart("bridge_change_services", ("change_key", "service_key"), "m.change_key"),
    Mart("bridge_deployment_changes", ("deployment_key", "change_key"), "m.deployment_key"),
    Mart("bridge_deployment_commits", ("deployment_key", "commit_key"), "m.deployment_key"),
    Mart("bridge_deployment_services", ("deployment_key", "service_key"), "m.deployment_key"),
    Mart("bridge_service_repositories", ("service_key", "repository_key", "path_prefix"), "m.repository_key"),
    Mart("bridge_team_members", ("team_key", "person_key", "valid_from"), "m.team_key"),
    Mart("dim_repository", ("name",), "m.repository_key", ("source_id",)),
    Mart("dim_environment", ("name",), "m.environment_key"),
    Mart("dim_service", ("name", "valid_from"), "m.service_key"),
    Mart("dim_team", ("name", "valid_from"), "m.team_key"),
    Mart("dim_runner_pool", ("name",), "m.runner_pool_key"),
    Mart("dim_person", ("person_key",), "m.person_key", ("pseudonym",)),
)

EMPTY = {"fct_rejected_rows", "fct_test_cycles"}
"""Marts that are compared, and empty: the organisation has no impossible measures and no test reports."""

UNCOMPARED = {
    **dict.fromkeys(
        ("bridge_person_accounts", "bridge_person_aliases", "bridge_ambiguous_accounts"),
        "accounts are each vendor's own; whom they make one person is compared as dim_person",
    ),
    "dim_connection": "is about connections",
    **dict.fromkeys(
        ("dim_stage", "dim_role", "dim_date", "dim_calendar_day", "dim_assistant"),
        "follows from the settings and seeds alone, for all connections of a home",
    ),
    **dict.fromkeys(
        ("fct_incidents", "bridge_incident_deployments"), "neither GitHub and Jira nor GitLab pages anybody"
    ),
    **dict.fromkeys(
        (
            "dim_feature",
            "dim_customer_account",
            "fct_feature_adoption",
            "fct_survey_responses",
            "fct_assistant_usage_daily",
        ),
        "neither GitHub and Jira nor GitLab tells what is exposed, used or answered",
    ),
}
"""Marts that are not compared, and why not."""
