"""Rules for the canonical layer: nothing lost on the way from raw, and events that fit their objects.

What each connector must deliver is in its own declaration (`Source`): which raw table a relation has the
grain of, and which event types it provides. Accepted values, keys and references are dbt's to test.
"""

from collections.abc import Callable, Sequence

from quality.suites.check import Catalogue, Check, Source, sql, union

EVENT_RELATIONS = ("change_events", "deployment_events")


def checks(sources: Sequence[Source]) -> tuple[Check, ...]:
    """All rules; those about what was declared speak for every connector at once."""
    return (
        *_about_rows([source for source in sources if source.grains]),
        Check(
            "canonical.change_events",
            "event_types_are_declared",
            "blocking",
            "Each event's type is one that its connector declares to provide, with the exactness it declares "
            "being neither absent nor unsaid.",
            _undeclared_types(sources),
        ),
        *_ABOUT_EVENTS,
        _lifecycle(_telling(sources, "change_events")),
        _endings(_telling(sources, "deployment_events")),
    )


def _about_rows(sources: Sequence[Source]) -> tuple[Check, ...]:
    """For connectors with relations of a raw table's grain; exports may overlap, so that files have none."""
    if not sources:
        return ()
    return (
        Check(
            "canonical.changes",
            "rows_equal_raw",
            "blocking",
            "Each relation holds, for each connection, as many rows as the raw table whose grain it has.",
            _lost_rows(sources),
        ),
    )


_ABOUT_EVENTS = (
    Check(
        "canonical.change_events",
        "events_follow_their_opening",
        "blocking",
        "Nothing happens to a change before it is created, save pushes to its branch.",
        sql("""
select events.connection, events.change, events.type, events.occurred_at, changes.created_at
from canonical.change_events as events
inner join canonical.changes as changes
    on events.connection = changes.connection and events.change = changes.source_id
where events.occurred_at < changes.created_at and events.type not in ('pushed', 'force_pushed')
"""),
    ),
    Check(
        "canonical.change_events",
        "events_precede_their_extraction",
        "blocking",
        "No event occurred over an hour after it was read: its zone was lost.",
        sql("""
select connection, change, type, occurred_at, extracted_at
from canonical.change_events
where occurred_at > extracted_at + interval '1' hour
"""),
    ),
)


def _telling(sources: Sequence[Source], relation: str) -> str:
    """SQL list of the connectors that declare a relation of events; others bring its objects alone."""
    telling = [f"'{source.connector}'" for source in sources if relation in source.event_types]
    return ", ".join(telling) or "null"


def _lifecycle(connectors: str) -> Check:
    return Check(
        "canonical.change_events",
        "lifecycle_events_agree_with_changes",
        "blocking",
        "A change was opened once, when it was created; it was merged once, when its row says so, or never.",
        sql(f"""
with lifecycle as (
    select
        connection, change,
        count(*) filter (where type = 'opened') as opened_count,
        min(occurred_at) filter (where type = 'opened') as opened_at,
        count(*) filter (where type = 'merged') as merged_count,
        min(occurred_at) filter (where type = 'merged') as merged_at
    from canonical.change_events
    group by connection, change
)
select
    changes.connection, changes.source_id, changes.state, changes.created_at, changes.merged_at,
    lifecycle.opened_count, lifecycle.opened_at, lifecycle.merged_count,
    lifecycle.merged_at as merged_event_at
from canonical.changes as changes
left join lifecycle on changes.connection = lifecycle.connection and changes.source_id = lifecycle.change
where changes.connector in ({connectors}) and (
    lifecycle.opened_count is distinct from 1
    or lifecycle.opened_at is distinct from changes.created_at
    or lifecycle.merged_count <> case when changes.merged_at is null then 0 else 1 end
    or lifecycle.merged_at is distinct from changes.merged_at
)
"""),
    )


def _endings(connectors: str) -> Check:
    return Check(
        "canonical.deployment_events",
        "deployments_finish_with_their_events",
        "blocking",
        "A deployment finishes at its first final event; if it has none, when another took its place.",
        sql(f"""
with endings as (
    select
        connection, deployment,
        coalesce(
            min(occurred_at) filter (where type in ('succeeded', 'failed', 'cancelled')),
            min(occurred_at) filter (where type = 'superseded')
        ) as finished_at
    from canonical.deployment_events
    group by connection, deployment
)
select
    deployments.connection, deployments.source_id, deployments.status, deployments.finished_at,
    endings.finished_at as final_event_at
from canonical.deployments as deployments
left join endings
    on deployments.connection = endings.connection and deployments.source_id = endings.deployment
where deployments.connector in ({connectors}) and deployments.finished_at is distinct from endings.finished_at
"""),
    )


def _lost_rows(sources: Sequence[Source]) -> Callable[[Catalogue], str]:
    def breaches(_catalogue: Catalogue) -> str:
        counted = union(
            (
                f"""
select
    connection, '{relation}' as relation, '{source.dataset}.{table}' as raw_table,
    coalesce(raw_rows.row_count, 0) as raw_count, coalesce(canonical_rows.row_count, 0) as canonical_count
from (select connection, count(*) as row_count from {source.dataset}.{table} group by connection) as raw_rows
full outer join (
    select connection, count(*) as row_count from canonical.{relation}
    where connector = '{source.connector}' group by connection
) as canonical_rows using (connection)"""
                for source in sources
                for relation, table in source.grains.items()
            ),
            "no connector that declares the grain of a relation",
        )
        return f"select * from ({counted}) as counted where raw_count <> canonical_count"

    return breaches


def _undeclared_types(sources: Sequence[Source]) -> Callable[[Catalogue], str]:
    def breaches(_catalogue: Catalogue) -> str:
        declared = "\nunion all\n".join(
            [
                "select null as connector, null as relation, null as type where false",
                *(
                    f"select '{source.connector}', '{relation}', '{event_type}'"
                    for source in sources
                    for relation, event_types in source.event_types.items()
                    for event_type in sorted(event_types)
                ),
            ]
        )
        seen = "\nunion all\n".join(
            f"select connector, '{relation}' as relation, type, exactness, count(*) as event_count"
            f" from canonical.{relation} group by all"
            for relation in EVENT_RELATIONS
        )
        return f"""
with declared as (
{declared}
),
seen as (
{seen}
)
select seen.* from seen
left join declared using (connector, relation, type)
where declared.type is null or seen.exactness is null or seen.exactness not in ('exact', 'derived')
"""

    return breaches
