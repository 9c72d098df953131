"""Stages, handoffs and latencies of changes, tickets and incidents."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain

from support.metric_definitions.kit import OUTCOME, TRUTHS, at, figures, latencies
from support.metric_truth import (
    Between,
    Companies,
    Metric,
    Row,
    incidence_of,
    items_of,
    quantile_of,
    rows_of,
    until_of,
)
from support.simulated import EXACT

CHANGE_VISITS = f"""
    select 'change:' || stage as subject, changes.team, changes.repository, entered_at as started_at,
        exited_at as ended_at, {OUTCOME} as outcome
    from ({TRUTHS["stage visits"]}) as visits
    join milestones as changes using (change)
    where reason is null and not changes.is_dependency_bot
"""

TICKET_VISITS = f"""
    select 'work_item:' || stage as subject, team, entered_at as started_at, exited_at as ended_at,
        {OUTCOME} as outcome
    from ({TRUTHS["work item visits"]})
    join (select ticket, team from shown_tickets) using (ticket)
    where reason is null
"""

INCIDENT_VISITS = f"""
    select 'incident:' || stage as subject, service, entered_at as started_at, exited_at as ended_at,
        case when exited_at is null then 'censored' else 'ended' end as outcome
    from ({TRUTHS["incident visits"]}) as visits
    join shown_incidents using (incident)
    where reason is null
"""

HANDOFF = "mechanism || ':' || from_role || ':' || to_role"
HANDOFF_OUTCOME = """case outcome when 'accepted' then 'ended' when 'pending' then 'censored'
    else 'competing' end"""

HANDOFFS = f"""
    select {HANDOFF} as subject, changes.repository, requested_at as started_at, settled_at as ended_at,
        {HANDOFF_OUTCOME} as outcome
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

TICKET_HANDOFFS = f"""
    select {HANDOFF} as subject, team, requested_at as started_at, settled_at as ended_at,
        {HANDOFF_OUTCOME} as outcome
    from ({TRUTHS["work item handoffs"]}) as handoffs
    join (select ticket, team from shown_tickets) using (ticket)
    where reason is null
"""

INCIDENT_HANDOFFS = f"""
    select {HANDOFF} as subject, requested_at as started_at, settled_at as ended_at,
        {HANDOFF_OUTCOME} as outcome
    from ({TRUTHS["incident handoffs"]})
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
    with tickets as (
        from ({TRUTHS["work items"]})
        join (select ticket, team from shown_tickets) using (ticket)
    )
    select 'decision' as subject, team, created_at as started_at, coalesce(ready_at, rejected_at) as ended_at,
        case when ready_at is not null then 'ended' when rejected_at is not null then 'competing'
            else 'censored' end as outcome
    from tickets
    union all
    select 'decision_or_rejection', team, created_at, coalesce(ready_at, rejected_at),
        case when coalesce(ready_at, rejected_at) is not null then 'ended' else 'censored' end
    from tickets
    union all
    select 'start_wait', team, ready_at, coalesce(started_at, rejected_at),
        case when started_at is not null then 'ended' when rejected_at is not null then 'competing'
            else 'censored' end
    from tickets
    where ready_at is not null
"""

WORK_TYPES = f"""
    select
        tickets.team as place,
        week_of(items.done_at) as week_start,
        tickets.kind as work_type,
        count(*) as finished_count,
        sum(count(*)) over (partition by tickets.team, week_of(items.done_at))::bigint as all_finished_count,
        case when all_finished_count >= 5 then finished_count / all_finished_count end as finished_share,
        end_of(any_value(week_of(items.done_at))) <= as_of() as is_final
    from ({TRUTHS["work items"]}) as items
    join truth.tickets as tickets on tickets.work_item = items.ticket
    where items.done_at is not null
    group by tickets.team, week_of(items.done_at), tickets.kind
"""

# due to the end of a day; whether what is followed no further came in time cannot be known
WINDOWS = f"""
    with due as (
        select
            tickets.team as place,
            date_trunc('day', tickets.due_at) + interval 1 day as due_at,
            case when changes.exposed_at < as_of() then changes.exposed_at end as exposed_at,
            shown.is_linked and shown.outcome in ('linked', 'not_yet') as is_followed,
            items.rejected_at is not null as is_given_up
        from truth.tickets as tickets
        join ({TRUTHS["work items"]}) as items on items.ticket = tickets.work_item
        join shown_tickets as shown on shown.ticket = tickets.work_item
        left join truth.changes as changes on changes.change = shown.change
        where
            tickets.due_at is not null
            and coalesce(items.rejected_at >= date_trunc('day', tickets.due_at) + interval 1 day, true)
    ),
    judged as (
        select
            place,
            week_of(due_at) as week_start,
            case
                when is_given_up and exposed_at is null then true
                when not is_followed then null
                when exposed_at is not null then exposed_at > due_at
                when due_at < as_of() then true
            end as is_missed,
            not is_given_up and is_followed and exposed_at is null and due_at >= as_of() as is_running
        from due
    )
    select
        place,
        week_start,
        count(*) as due_count,
        count(is_missed) as judged_count,
        count(*) filter (is_missed) as missed_count,
        case when judged_count >= 5 then missed_count / judged_count end as missed_share,
        count(*) filter (is_running) as running_count,
        0 as pushed_count,
        end_of(week_start) <= as_of() and running_count = 0 as is_final
    from judged
    where week_start <= week_of(as_of())
    group by place, week_start
"""

OPEN_WORK = f"""
    with visits as (
        select 'change' as flow_item_type, change as item, stage, entered_at, exited_at
        from ({TRUTHS["stage visits"]})
        where reason is null
        union all
        select 'work_item', ticket, stage, entered_at, exited_at
        from ({TRUTHS["work item visits"]})
        where reason is null
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


def stays(companies: Companies) -> Iterable[Row]:
    """Yield how long all visits to each stage took, open ones as censored, and how many changes are in it."""
    until = until_of(companies[0])
    found: dict[str, list[tuple[int, str]]] = {}
    for item in items_of(companies, CHANGE_VISITS, ()):
        end = until if item.ended_at is None else item.ended_at
        found.setdefault(item.subject, []).append((end - item.started_at, item.outcome))
    rows = chain.from_iterable(rows_of(company, OPEN_WORK) for company in companies)
    present = Counter(f"{row['flow_item_type']}:{row['stage']}" for row in rows)
    for subject, durations in found.items():
        yield {"subject": subject, "durations": durations, "open_count": present[subject]}


def usual(row: Row) -> Row | None:
    """Return where chance may place the usual time in a stage; the mart has only stages with a change in."""
    if not row["open_count"]:
        return None
    found = quantile_of(incidence_of(row["durations"]), 85, len(row["durations"]))
    return {
        "subject": row["subject"],
        "usual_p85_seconds": Between(found.low, found.high) if found else None,
    }


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
        where=EXACT,
        subject=STAGE,
        only=TYPE.format("work_item"),
        scopes=("team",),
    ),
    latencies(
        "flow_by_stage_weekly: incidents",
        INCIDENT_VISITS,
        where=EXACT,
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
        TICKET_HANDOFFS,
        where=EXACT,
        subject=HANDOFF,
        only="mechanism in ('tracker_assignment', 'status_transition')",
        scopes=("team",),
    ),
    latencies(
        "handoffs_weekly: incidents",
        INCIDENT_HANDOFFS,
        where=EXACT,
        subject=HANDOFF,
        only="mechanism like 'incident%'",
        scopes=("organisation",),
        is_shared=True,
    ),
    latencies(
        "change_latency_weekly",
        CHANGE_LATENCIES,
        where=EXACT,
        subject="latency",
        only="latency != 'prompt_to_production'",
        scopes=("team", "repository"),
    ),
    latencies("incident_recovery_weekly", INCIDENTS, where=EXACT, subject="latency", scopes=("service",)),
    latencies("decision_latency_weekly", DECISIONS, where=EXACT, subject="latency", scopes=("team",)),
    figures(
        "missed_windows_weekly",
        WINDOWS,
        f"select * from {at('missed_windows_weekly', 'team')}",
        where=EXACT,
        key=("place", "week_start"),
    ),
    figures(
        "work_types_weekly",
        WORK_TYPES,
        f"select * from {at('work_types_weekly', 'team')}",
        where=EXACT,
        key=("place", "week_start", "work_type"),
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
