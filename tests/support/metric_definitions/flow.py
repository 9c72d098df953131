"""Stages, handoffs and latencies of changes, tickets and incidents."""

from collections.abc import Iterable

import duckdb
from support.metric_definitions.kit import OUTCOME, TRUTHS, figures, latencies
from support.metric_truth import Between, Metric, Row, incidence_of, items_of, quantile_of, rows_of, until_of
from support.simulated import EXACT, PAGED, VENDORS, WHOLE

CHANGE_VISITS = f"""
    select 'change:' || stage as subject, changes.team, changes.repository, entered_at as started_at,
        exited_at as ended_at, {OUTCOME} as outcome
    from ({TRUTHS["stage visits"]}) as visits
    join milestones as changes using (change)
    where reason is null and not changes.is_dependency_bot
"""

# a ticket whose change is through, or followed no further, is back in build until somebody closes it
TICKET_STAYS = f"""
    with through as (
        select
            tickets.ticket,
            case
                when any_value(tickets.outcome) = 'not_linked' then any_value(tickets.merged_at)
                when not bool_or(visits.exited_at is null) then max(visits.exited_at)
            end as through_at
        from shown_tickets as tickets
        join ticket_visits as visits on visits.ticket = tickets.ticket
        where tickets.is_linked
        group by tickets.ticket
    )
    select ticket, 'build' as stage, through_at as entered_at, closed_at as exited_at, exit_reason
    from through
    join ticket_ends using (ticket)
    where coalesce(closed_at > through_at, through_at is not null)
    union all
    select ticket, stage, entered_at, exited_at, exit_reason
    from ({TRUTHS["work item visits"]})
    where reason is null
"""

TICKET_VISITS = f"""
    select 'work_item:' || stage as subject, entered_at as started_at, exited_at as ended_at,
        {OUTCOME} as outcome
    from ({TICKET_STAYS})
"""

INCIDENT_VISITS = f"""
    select 'incident:' || stage as subject, service, entered_at as started_at, exited_at as ended_at,
        case when exited_at is null then 'censored' else 'ended' end as outcome
    from ({TRUTHS["incident visits"]}) as visits
    join shown_incidents using (incident)
    where reason is null
"""

HANDOFFS = f"""
    select mechanism || ':' || from_role || ':' || to_role as subject, changes.repository,
        requested_at as started_at, settled_at as ended_at,
        case outcome when 'accepted' then 'ended' when 'pending' then 'censored' else 'competing' end
            as outcome
    from ({TRUTHS["handoffs"]}) as handoffs
    join milestones as changes using (change)
    where reason is null and not changes.is_dependency_bot
"""


def change_latency(subject: str, start: str, end: str, otherwise: str) -> str:
    """Items of one latency: what ends unmerged competes, and `otherwise` is what else becomes of it."""
    return f"""
        select '{subject}' as subject, team, repository, {start} as started_at,
            coalesce({end}, closed_at, merged_at) as ended_at,
            case
                when {end} is not null then 'ended'
                when closed_at is not null and merged_at is null then 'competing'
                {otherwise}
            end as outcome
        from milestones
        where not is_dependency_bot
    """


UNDELIVERED = "when delivery = 'not_yet' then 'censored'"

ITEM_HANDOFFS = """
    select mechanism || ':' || from_role || ':' || to_role as subject, requested_at as started_at,
        settled_at as ended_at,
        case outcome when 'accepted' then 'ended' when 'pending' then 'censored' else 'competing' end
            as outcome
    from ({handoffs})
    where reason is null
"""

_LATENCIES = " union all ".join(
    change_latency(*latency)
    for latency in (
        ("coding", "first_commit_authored_at", "created_at", ""),
        (
            "pickup",
            "pickup_started_at",
            "picked_up_at",
            "when merged_at is not null then 'competing' else 'censored'",
        ),
        ("time_to_merge", "ready_at", "merged_at", "else 'censored'"),
        ("created_to_merged", "created_at", "merged_at", "else 'censored'"),
        *(
            (subject, start, "case when delivery = 'linked' then deployed_at end", UNDELIVERED)
            for subject, start in (
                ("deployment_lead", "merged_at"),
                ("change_lead", "first_commit_authored_at"),
                ("change_lead_from_merge", "merged_at"),
            )
        ),
    )
)

CHANGE_LATENCIES = f"select * from ({_LATENCIES}) where started_at is not null and outcome is not null"

INCIDENTS = """
    select 'acknowledge' as subject, service, triggered_at as started_at, acknowledged_at as ended_at,
        case when acknowledged_at is null then 'censored' else 'ended' end as outcome
    from shown_incidents
    union all
    select 'resolve', service, triggered_at, resolved_at,
        case when resolved_at is null then 'censored' else 'ended' end
    from shown_incidents
"""

DECISIONS = f"""
    with tickets as ({TRUTHS["work items"]})
    select 'decision' as subject, created_at as started_at, coalesce(ready_at, rejected_at) as ended_at,
        case when ready_at is not null then 'ended' when rejected_at is not null then 'competing'
            else 'censored' end as outcome
    from tickets
    union all
    select 'start_wait', ready_at, coalesce(started_at, rejected_at),
        case when started_at is not null then 'ended' when rejected_at is not null then 'competing'
            else 'censored' end
    from tickets
    where ready_at is not null
"""

OPEN_WORK = f"""
    with visits as (
        select 'change' as flow_item_type, change as item, stage, entered_at, exited_at
        from ({TRUTHS["stage visits"]})
        where reason is null
        union all
        select 'work_item', ticket, stage, entered_at, exited_at
        from ({TICKET_STAYS})
        union all
        select 'incident', incident, stage, entered_at, exited_at
        from ({TRUTHS["incident visits"]})
        where reason is null
    )
    select
        flow_item_type,
        item,
        arg_max(stage, entered_at) as stage,
        min(entered_at) as begun_at,
        max(entered_at) as entered_at,
        (epoch(as_of()) - epoch(max(entered_at)))::bigint as stage_age_seconds,
        (epoch(as_of()) - epoch(min(entered_at)))::bigint as item_age_seconds
    from visits
    group by flow_item_type, item
    having bool_or(exited_at is null)
"""

OPEN_WORK_MART = """
    select
        flow_item_type,
        coalesce(mart_changes.change, mart_incidents.incident, mart_tickets.ticket) as item,
        stage,
        begun_at,
        entered_at,
        stage_age_seconds,
        item_age_seconds
    from built.metrics.open_work_aging as mart
    left join mart_changes on mart_changes.change_key = mart.flow_item_key
    left join mart_incidents on mart_incidents.incident_key = mart.flow_item_key
    left join mart_tickets on mart_tickets.work_item_key = mart.flow_item_key
    where item is not null
"""


def stays(connection: duckdb.DuckDBPyConnection) -> Iterable[Row]:
    """Yield how long all visits to each stage took, open ones as censored, and how many changes are in it."""
    until = until_of(connection)
    found: dict[str, list[tuple[int, str]]] = {}
    for item in items_of(connection, CHANGE_VISITS, ()):
        end = until if item.ended_at is None else item.ended_at
        found.setdefault(item.subject, []).append((end - item.started_at, item.outcome))
    present = [f"{row['flow_item_type']}:{row['stage']}" for row in rows_of(connection, OPEN_WORK)]
    for subject, durations in found.items():
        yield {"subject": subject, "durations": durations, "open_count": present.count(subject)}


def usual(row: Row) -> Row | None:
    """Return where chance may place the usual time in a stage; the mart has only stages with a change in."""
    if not row["open_count"]:
        return None
    found = quantile_of(incidence_of(row["durations"]), 85, len(row["durations"]))
    return {
        "subject": row["subject"],
        "usual_p85_seconds": Between(found.low, found.high) if found else None,
    }


HANDOFF = "mechanism || ':' || from_role || ':' || to_role"
STAGE, TYPE = "flow_item_type || ':' || stage", "flow_item_type = '{}'"
METRICS = (
    latencies(
        "flow_by_stage_weekly: changes",
        CHANGE_VISITS,
        where=EXACT,
        subject=STAGE,
        only=TYPE.format("change"),
        scopes=("team", "repository"),
    ),
    latencies(
        "flow_by_stage_weekly: tickets",
        TICKET_VISITS,
        where=(WHOLE,),
        subject=STAGE,
        only=TYPE.format("work_item"),
        scopes=("organisation",),
    ),
    latencies(
        "flow_by_stage_weekly: incidents",
        INCIDENT_VISITS,
        where=tuple(VENDORS),
        subject=STAGE,
        only=TYPE.format("incident"),
        scopes=("service",),
    ),
    latencies(
        "handoffs_weekly: changes",
        HANDOFFS,
        where=EXACT,
        subject=HANDOFF,
        only="mechanism != 'flag_change'",
        scopes=("repository",),
    ),
    latencies(
        "handoffs_weekly: tickets",
        ITEM_HANDOFFS.format(handoffs=TRUTHS["work item handoffs"]),
        where=(WHOLE,),
        subject=HANDOFF,
        only="mechanism in ('tracker_assignment', 'status_transition')",
        scopes=("organisation",),
    ),
    latencies(
        "handoffs_weekly: incidents",
        ITEM_HANDOFFS.format(handoffs=TRUTHS["incident handoffs"]),
        where=(PAGED,),
        subject=HANDOFF,
        only="mechanism like 'incident%'",
        scopes=("organisation",),
    ),
    latencies(
        "change_latency_weekly",
        CHANGE_LATENCIES,
        where=EXACT,
        subject="latency",
        only="latency != 'prompt_to_production'",
        scopes=("team", "repository"),
    ),
    latencies(
        "incident_recovery_weekly", INCIDENTS, where=tuple(VENDORS), subject="latency", scopes=("service",)
    ),
    latencies(
        "decision_latency_weekly", DECISIONS, where=(WHOLE,), subject="latency", scopes=("organisation",)
    ),
    figures("open_work_aging", OPEN_WORK, OPEN_WORK_MART, where=EXACT, key=("flow_item_type", "item")),
    Metric(
        "open_work_aging: usual",
        EXACT,
        stays,
        "select distinct 'change:' || stage as subject, usual_p85_seconds from built.metrics.open_work_aging"
        " where flow_item_type = 'change'",
        ("subject",),
        is_shared=True,
        finish=usual,
    ),
)
