"""What each metric mart must say, worked out from the truth of a company: definitions as data.

Queries of items give a subject, the places that it counts for, when it started, when and how it ended. They
build on what the vendors can reveal (the views and comparisons of `truth`), so that what is left to compare is
the metrics' own: which items count, for whom, in which week, and what the cohort's figures are.
"""

from collections.abc import Callable, Iterable, Sequence
from math import sqrt

import duckdb
from support.metric_truth import (
    COUNTS,
    FEWEST,
    Between,
    Metric,
    Row,
    estimates_of,
    incidence_of,
    items_of,
    quantile_of,
    rows_of,
    until_of,
)
from support.truth import COMPARISONS

DAY = 86_400
TRUTHS = {comparison.name: comparison.truth for comparison in COMPARISONS}

VIEWS = """
    create view places as
    select 'team' as scope, team_key as place_key, name as place
    from built.marts.dim_team
    where name in (select team from truth.account_owners)
    union all
    select 'service', service_key, name
    from built.marts.dim_service
    where name in (
        select service from truth.deployments
        union select service from truth.change_services
        union select service from truth.incidents
    )
    union all
    select 'repository', repository_key, source_id
    from built.marts.dim_repository
    where list_contains(connections(), connection);

    create macro week_of(instant) as
        date_trunc('week', timezone('Europe/Berlin', timezone('UTC', instant)))::date;

    create view weeks as
    select unnest(generate_series(week_of(start_at), week_of(as_of()), interval 7 day))::date as week_start
    from truth.run;

    create macro end_of(week) as
        timezone('UTC', timezone('Europe/Berlin', (week + interval 7 day)::timestamp));

    -- truth's own `is_redeploy` marks what is tried again after a failure, whether or not it was live
    create view told_deployments as
    with told as (
        select
            * exclude (is_redeploy) replace (
                case when started_at < as_of() then started_at end as started_at,
                case when finished_at < as_of() then finished_at end as finished_at,
                case when gate_decided_at < as_of() then gate_decided_at end as gate_decided_at,
                case
                    when finished_at >= as_of() or finished_at is null then 'running'
                    when status = 'failure' and started_at is null then 'rejected'
                    else status
                end as status
            )
        from truth.deployments
        where is_production and created_at < as_of()
    )
    select
        *,
        status = 'success' and coalesce(
            sha = lag(sha) over (partition by service, status = 'success' order by finished_at), false
        ) as is_redeploy
    from told;

    -- the first time that the change was ready: when it was first built to the end
    create view milestones as
    with builds as (
        select flow_item as change, min(exited_at) filter (exit_reason = 'advanced') as built_at
        from truth.stage_visits
        where flow_item_type = 'change' and stage = 'build'
        group by flow_item
    ),
    answers as (
        select events.change, events.occurred_at, events.kind
        from truth.review_events as events
        join truth.changes as changes on changes.change = events.change
        where
            events.kind in ('commented', 'reviewed')
            and events.actor_person is not null
            and events.actor_person is distinct from changes.author_person
            and events.occurred_at < as_of()
    ),
    requests as (
        select change, min(occurred_at) as requested_at
        from truth.review_events
        where kind = 'review_requested' and occurred_at < as_of()
        group by change
    ),
    ready as (
        select
            changes.*,
            case
                when builds.change is null then changes.created_at
                when builds.built_at < as_of() then builds.built_at
            end as ready_at,
            requests.requested_at as first_requested_at
        from shown_changes as changes
        left join builds on builds.change = changes.change
        left join requests on requests.change = changes.change
    )
    select
        ready.*,
        deliveries.outcome as delivery,
        min(answers.occurred_at) filter (answers.occurred_at >= ready.ready_at) as picked_up_at,
        count(answers.occurred_at) filter (answers.kind = 'reviewed') as review_count,
        ready.author_person is null and not ready.is_marked as is_dependency_bot,
        reverts.merged_at as reverted_at
    from ready
    join deliveries on deliveries.change = ready.change
    left join answers on answers.change = ready.change
    left join shown_changes as reverts on reverts.reverts_change = ready.change
    group by all;
"""

DELIVERY_VIEWS = """
    create view failures as
    with remedies as (
        select incidents.incident, deployments.deployment, deployments.finished_at
        from truth.incidents as incidents
        join told_deployments as deployments
            on
                deployments.service = incidents.service
                and deployments.status = 'success'
                and deployments.created_at between incidents.triggered_at and incidents.resolved_at
        where
            deployments.is_rollback
            or exists (
                from truth.deployment_changes as links
                join truth.changes as changes on changes.change = links.change
                where
                    links.deployment = deployments.deployment
                    and links.service = deployments.service
                    and changes.reverts_change is not null
            )
    ),
    seen as (
        select
            incidents.*,
            case mitigation
                when 'rollback'
                    then exists (
                        from remedies
                        join told_deployments as deployments using (deployment)
                        where remedies.incident = incidents.incident and deployments.is_rollback
                    )
                when 'revert'
                    then exists (
                        from truth.deployment_changes as links
                        join milestones as changes on changes.change = links.change
                        where
                            links.deployment = incidents.caused_by_deployment
                            and changes.reverted_at between incidents.triggered_at and incidents.resolved_at
                    )
                else false
            end as is_evidenced
        from truth.incidents as incidents
        where triggered_at < as_of()
    ),
    blamed as (
        select incident, caused_by_deployment as deployment, true as is_evidenced
        from seen
        where is_evidenced
        union all
        select seen.incident, arg_max(deployments.deployment, deployments.finished_at), false
        from seen
        join told_deployments as deployments
            on
                deployments.service = seen.service
                and deployments.status = 'success'
                and deployments.finished_at <= seen.triggered_at
                and deployments.finished_at >= seen.triggered_at - interval 24 hour
        group by seen.incident
    ),
    mended as (
        select
            blamed.deployment,
            blamed.is_evidenced,
            least(
                min(case when incidents.resolved_at < as_of() then incidents.resolved_at end),
                min(remedies.finished_at)
            ) as restored_at
        from blamed
        join truth.incidents as incidents using (incident)
        left join remedies using (incident)
        group by all
    )
    select
        deployment,
        bool_or(is_evidenced) as is_evidenced,
        max(restored_at) filter (is_evidenced) as restored_at
    from mended
    group by deployment;

    create view reworks as
    select distinct deployments.deployment
    from told_deployments as deployments
    join truth.incidents as incidents
        on
            deployments.service = incidents.service
            and deployments.created_at between incidents.triggered_at and incidents.resolved_at
            and incidents.triggered_at < as_of()
    where
        is_read_by('pagerduty')
        and deployments.status = 'success'
        and (
            deployments.is_rollback
            or exists (
                from truth.deployment_changes as links
                join truth.changes as changes on changes.change = links.change
                where
                    links.deployment = deployments.deployment
                    and links.service = deployments.service
                    and changes.reverts_change is not null
            )
        );

    create view lead_times as
    select
        services.service,
        milestones.first_commit_authored_at,
        milestones.merged_at,
        case
            when milestones.merged_at is null then milestones.closed_at
            when milestones.reverted_at < coalesce(deliveries.deployed_at, as_of()) then milestones.reverted_at
            else deliveries.deployed_at
        end as ended_at,
        case
            when deliveries.is_censored then null
            when milestones.merged_at is null and milestones.closed_at is not null then 'competing'
            when milestones.reverted_at < coalesce(deliveries.deployed_at, as_of()) then 'competing'
            when deliveries.deployed_at is not null then 'ended'
            else 'censored'
        end as outcome
    from milestones
    join truth.change_services as services on services.change = milestones.change
    left join service_deliveries as deliveries
        on deliveries.change = milestones.change and deliveries.service = services.service
    where
        not milestones.is_dependency_bot
        and services.service in (select service from told_deployments);
"""

OUTCOME = """case exit_reason when 'open' then 'censored' when 'abandoned' then 'competing'
    when 'superseded' then 'competing' else 'ended' end"""


def latencies(
    name: str,
    items: str,
    *,
    where: Sequence[str],
    subject: str,
    scopes: Sequence[str],
    only: str = "true",
    stamp_seconds: int = 5,
) -> Metric:
    """A mart of estimates: `subject` is what it calls an item's subject, `only` which of its rows are meant."""
    mart = name.partition(":")[0]
    figures = [f"p{percent}_seconds{end}" for percent in FEWEST for end in ("", "_null_reason")]

    def truth(connection: duckdb.DuckDBPyConnection) -> Iterable[Row]:
        return estimates_of(items_of(connection, items, scopes), until_of(connection))

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
    return Metric(name, where, truth, marts, key, stamp_seconds=stamp_seconds)


def figures(
    name: str,
    truth: str,
    marts: str,
    *,
    where: Sequence[str],
    key: Sequence[str],
    is_shared: bool = False,
    stamp_seconds: int = 5,
    finish: Callable[[Row], Row] | None = None,
) -> Metric:
    """A mart of counts: both sides are queries."""

    def rows(connection: duckdb.DuckDBPyConnection) -> Iterable[Row]:
        return rows_of(connection, truth)

    return Metric(name, where, rows, marts, key, is_shared, stamp_seconds, finish)


def beside(
    name: str,
    items: str,
    *,
    where: Sequence[str],
    subjects: Sequence[str],
    scopes: Sequence[str],
    percents: Sequence[int] = tuple(FEWEST),
    stamp_seconds: int = 5,
) -> Metric:
    """Estimates of arrivals that stand beside other figures in a mart, in columns named after their subject."""
    mart = name.partition(":")[0]

    def truth(connection: duckdb.DuckDBPyConnection) -> Iterable[Row]:
        named = [f"p{percent}_seconds{end}" for percent in percents for end in ("", "_null_reason")]
        for row in estimates_of(items_of(connection, items, scopes), until_of(connection)):
            if row["cohort"] == "arrivals" and row["subject"] in subjects:
                yield {column: row[column] for column in (*key, "item_count", "censored_count", *named)}

    key = ("subject", "week_start", "scope", "place")
    marts = " union all ".join(
        f"""
        select '{subject}' as subject, week_start, scope, place,
            {subject}_count as item_count, {subject}_censored_count as censored_count,
            {", ".join(f"{subject}_p{percent}_seconds{end} as p{percent}_seconds{end}"
                       for percent in percents for end in ("", "_null_reason"))}
        from built.metrics.{mart} as mart
        join places using (scope)
        where place_key = {" || ".join(f"coalesce({scope}_key, '')" for scope in scopes)} and item_count > 0
        """
        for subject in subjects
    )
    return Metric(name, where, truth, marts, key, stamp_seconds=stamp_seconds)


CHANGE_VISITS = f"""
    select 'change:' || stage as subject, changes.team, changes.repository, entered_at as started_at,
        exited_at as ended_at, {OUTCOME} as outcome
    from ({TRUTHS["stage visits"]}) as visits
    join shown_changes as changes using (change)
    where reason is null
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
    join truth.incidents using (incident)
    where reason is null
"""

HANDOFFS = f"""
    select mechanism || ':' || from_role || ':' || to_role as subject, changes.repository,
        requested_at as started_at, settled_at as ended_at,
        case outcome when 'accepted' then 'ended' when 'pending' then 'censored' else 'competing' end as outcome
    from ({TRUTHS["handoffs"]}) as handoffs
    join shown_changes as changes using (change)
    where reason is null
"""


def _change_latency(subject: str, start: str, end: str, otherwise: str) -> str:
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
    """


UNDELIVERED = "when delivery = 'not_yet' then 'censored'"
CHANGE_LATENCIES = " union all ".join(
    _change_latency(*latency)
    for latency in (
        ("coding", "first_commit_authored_at", "created_at", ""),
        (
            "pickup",
            "greatest(ready_at, case when picked_up_at < first_requested_at then ready_at"
            " else first_requested_at end)",
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

RELEASE_WAITS = f"""
    select subject, repository, started_at, ended_at, outcome
    from ({_change_latency("deployment_lead", "merged_at",
                           "case when delivery = 'linked' then deployed_at end", UNDELIVERED)})
    where started_at is not null and outcome is not null
    union all
    select replace(subject, 'change:', ''), repository, started_at, ended_at, outcome
    from ({CHANGE_VISITS})
    where subject = 'change:release_wait'
"""

DEPLOYMENT_WAITS = """
    select 'approval_wait' as subject, service, gate_opened_at as started_at, gate_decided_at as ended_at,
        case when gate_decided_at is null then 'censored' when status = 'rejected' then 'competing'
            else 'ended' end as outcome
    from told_deployments
    where gate_opened_at is not null
    union all
    select 'execution', service, started_at, finished_at,
        case when status = 'running' then 'censored' when status = 'success' then 'ended' else 'competing' end
    from told_deployments
    where started_at is not null
"""

INCIDENTS = """
    select 'acknowledge' as subject, service, triggered_at as started_at,
        case when acknowledged_at < as_of() then acknowledged_at end as ended_at,
        case when acknowledged_at < as_of() then 'ended' else 'censored' end as outcome
    from truth.incidents
    where triggered_at < as_of()
    union all
    select 'resolve', service, triggered_at, case when resolved_at < as_of() then resolved_at end,
        case when resolved_at < as_of() then 'ended' else 'censored' end
    from truth.incidents
    where triggered_at < as_of()
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


# a service has rows from the week of its first deployment on
LEAD_TIMES = """
    with items as (
        select 'change_lead' as subject, service, first_commit_authored_at as started_at, ended_at, outcome
        from lead_times
        union all
        select 'change_lead_from_merge', service, merged_at, ended_at, outcome
        from lead_times
        union all
        select 'deployment_gap', service, finished_at,
            lead(finished_at) over (partition by service order by finished_at) as ended_at,
            case when ended_at is null then 'censored' else 'ended' end
        from told_deployments
        where status = 'success' and not is_rollback and not is_redeploy
        union all
        select 'recovery', service, finished_at, restored_at,
            case when restored_at is null then 'censored' else 'ended' end
        from told_deployments
        join failures using (deployment)
        where is_evidenced and is_read_by('pagerduty')
    )
    from items
    where
        started_at is not null
        and outcome is not null
        and week_of(started_at) >= (
            select week_of(min(finished_at)) from told_deployments as seen
            where seen.service = items.service and status in ('success', 'failure')
        )
"""

AT_REPOSITORY = "built.metrics.{} as mart join places on places.place_key = mart.repository_key"
AT_TEAM = "built.metrics.{} as mart join places on places.place_key = mart.team_key"
AT_SERVICE = "built.metrics.{} as mart join places on places.place_key = mart.service_key"
DORA = """
    with counts as (
        select
            service,
            week_of(finished_at) as week_start,
            count(*) filter (status = 'success') as success_count,
            count(*) filter (status = 'success' and not is_rollback and not is_redeploy) as deployment_count,
            count(*) filter (status = 'success' and is_redeploy) as redeploy_count,
            count(*) filter (status = 'success' and is_rollback and not is_redeploy) as rollback_count,
            count(*) filter (status = 'failure') as failed_attempt_count,
            0 as explicit_failure_count,
            count(*) filter (status = 'success' and failures.is_evidenced) as evidenced_failure_count,
            count(*) filter (status = 'success' and failures.deployment is not null) as suspected_failure_count,
            count(*) filter (reworks.deployment is not null) as rework_count
        from told_deployments
        left join (from failures where is_read_by('pagerduty')) as failures using (deployment)
        left join reworks using (deployment)
        where status in ('success', 'failure')
        group by all
    ),
    services as (select service, min(week_start) as first_week from counts group by service)
    select
        services.service as place,
        weeks.week_start,
        coalesce(columns('(.*_count)'), 0) as '\\1',
        end_of(weeks.week_start) + interval 7 day <= as_of() as is_final
    from services
    join weeks on weeks.week_start >= services.first_week
    left join counts on counts.service = services.service and counts.week_start = weeks.week_start
"""


CI_VIEWS = """
    -- what a run that was started again inherits is not run again; times are those of the runner's clock, and
    -- a job's first step begins a second after the job, or never: then its end stands for its start
    create view told_jobs as
    select
        * exclude (started_at, finished_at, conclusion),
        case when started_at + skew < as_of() then least(started_at + skew, finished_at + end_skew) end
            as started_at,
        case when finished_at + end_skew < as_of() then finished_at + end_skew end as finished_at,
        case when finished_at + end_skew < as_of() then conclusion else 'running' end as conclusion
    from (
        select
            *,
            to_seconds(skew_seconds + 1) as skew,
            case when conclusion = 'cancelled' then interval 0 second else to_seconds(skew_seconds) end
                as end_skew
        from truth.ci_jobs
        where queued_at < as_of() and not is_inherited
    );
"""

# a repository has rows for the weeks in which jobs were queued
CI_TIMES = """
    select 'queue' as subject, repository, queued_at as started_at,
        coalesce(started_at, finished_at) as ended_at,
        case when ended_at is null then 'censored' when started_at is null then 'competing' else 'ended' end
            as outcome
    from told_jobs
    union all
    select 'run', repository, started_at, finished_at,
        case when finished_at is null then 'censored' when conclusion = 'cancelled' then 'competing'
            else 'ended' end
    from told_jobs
    where
        started_at is not null
        and (repository, week_of(started_at)) in (select (repository, week_of(queued_at)) from told_jobs)
"""

CI_HEALTH = """
    with jobs as (
        select
            *,
            conclusion = 'failure'
            and bool_or(conclusion = 'success') over (partition by repository, sha, name) as is_flaky,
            epoch(finished_at) - epoch(started_at) as run_seconds
        from told_jobs
    )
    select
        repository::varchar as place,
        week_of(queued_at) as week_start,
        count(*) as attempt_count,
        count(*) filter (conclusion = 'cancelled') as cancelled_count,
        count(*) filter (conclusion = 'running') as running_count,
        count(*) filter (attempt = 1 and conclusion in ('success', 'failure')) as judged_count,
        count(*) filter (attempt = 1 and conclusion = 'failure') as failure_count,
        count(*) filter (conclusion in ('success', 'failure', 'timed_out')) as finished_count,
        count(*) filter (conclusion = 'timed_out') as infrastructure_failure_count,
        count(*) filter (conclusion = 'failure') as all_failure_count,
        count(*) filter (is_flaky) as flaky_failure_count,
        coalesce(sum(run_seconds) filter (is_flaky), 0)::bigint as flaky_lost_seconds,
        end_of(any_value(week_of(queued_at))) <= as_of() and running_count = 0 as is_final
    from jobs
    group by repository, week_of(queued_at)
"""

# saturated while jobs wait and as many run as ever did at once
CI_CAPACITY = """
    with spans as (
        select queued_at as starts_at, coalesce(started_at, finished_at, as_of()) as ends_at,
            1 as queued, 0 as running
        from told_jobs
        union all
        select started_at, coalesce(finished_at, as_of()), 0, 1
        from told_jobs
        where started_at is not null
    ),
    steps as (
        select starts_at as changed_at, queued, running from spans where starts_at < ends_at
        union all
        select ends_at, -queued, -running from spans where starts_at < ends_at
    ),
    segments as (
        select
            changed_at as starts_at,
            lead(changed_at) over (order by changed_at) as ends_at,
            sum(sum(queued)) over (order by changed_at) as queued,
            sum(sum(running)) over (order by changed_at) as running
        from steps
        group by changed_at
    ),
    hours as (
        select
            hour as hour_starts_at,
            queued,
            running,
            (select max(running) from segments) as cap,
            epoch(least(ends_at, hour + interval 1 hour)) - epoch(greatest(starts_at, hour)) as seconds
        from segments, unnest(generate_series(date_trunc('hour', starts_at), ends_at, interval 1 hour)) as series(hour)
        where hour < ends_at and queued + running > 0
    )
    select
        hour_starts_at,
        max(cap)::bigint as observed_cap,
        max(running)::bigint as running_max_count,
        sum(running * seconds)::bigint as running_seconds,
        sum(queued * seconds)::bigint as queued_seconds,
        coalesce(sum(seconds) filter (queued > 0 and running = cap), 0)::bigint as saturated_seconds,
        coalesce(sum(queued * seconds) filter (queued > 0 and running = cap), 0)::bigint
            as saturated_queued_seconds,
        hour_starts_at + interval 1 hour <= as_of() as is_final
    from hours
    group by hour_starts_at
"""


REVIEW_VIEWS = """
    -- what is asked while the change is built counts from when that is done
    create view told_requests as
    with people as (select distinct person, team from truth.account_owners where person is not null),
    answers as (
        select events.*, people.team as actor_team
        from truth.review_events as events
        join people on people.person = events.actor_person
        where events.kind in ('commented', 'reviewed') and events.occurred_at < as_of()
    ),
    asked as (
        select
            row_number() over (order by change, occurred_at) as request,
            *,
            lead(kind) over same_subject as next_kind,
            lead(occurred_at) over same_subject as next_at
        from truth.review_events
        where kind like 'review_request%' and occurred_at < as_of()
        window same_subject as (partition by change, asked_person, asked_team order by occurred_at)
    ),
    answered as (
        select
            asked.*,
            coalesce(asked.asked_team, owners.team) as asked_of,
            min(answers.occurred_at) as answered_at
        from asked
        left join answers
            on
                answers.change = asked.change
                and answers.occurred_at > asked.occurred_at
                and coalesce(answers.occurred_at < asked.next_at, true)
                and (answers.actor_person = asked.asked_person or answers.actor_team = asked.asked_team)
        left join people as owners on owners.person = asked.asked_person
        where asked.kind = 'review_requested'
        group by all
    )
    select
        answered.*,
        changes.repository,
        coalesce(
            (
                select min(builds.exited_at)
                from truth.stage_visits as builds
                where
                    builds.flow_item_type = 'change'
                    and builds.flow_item = answered.change
                    and builds.stage = 'build'
                    and builds.entered_at <= answered.occurred_at
                    and builds.exited_at > answered.occurred_at
            ),
            answered.occurred_at
        ) as requested_at,
        case
            when answered_at is not null then 'accepted'
            when next_kind = 'review_request_removed' then 'withdrawn'
            when next_kind = 'review_requested' then 'superseded'
            when coalesce(changes.merged_at, changes.closed_at) is not null then 'withdrawn'
            else 'pending'
        end as outcome,
        coalesce(answered_at, next_at, changes.merged_at, changes.closed_at) as settled_at
    from answered
    join shown_changes as changes on changes.change = answered.change;

    create macro worked_until(of_team, instant) as (
        select sum(epoch(least(closes_at, instant)) - epoch(opens_at))
        from truth.working_hours as hours
        where hours.team = of_team and opens_at < instant
    );
"""

REVIEW_SLA = """
    with waited as (
        select
            *,
            worked_until(asked_of, coalesce(settled_at, as_of())) - worked_until(asked_of, requested_at)
                as worked_seconds
        from told_requests
        where requested_at <= coalesce(settled_at, as_of())
    ),
    judged as (
        select
            *,
            case
                when worked_seconds > 8 * 3600 then 'breached'
                when outcome = 'accepted' then 'met'
                when outcome = 'pending' then 'running'
            end as sla_state
        from waited
    ),
    placed as (
        select *, 'team' as scope, asked_of as place from judged
        union all
        select *, 'repository', repository::varchar from judged
    )
    select
        scope,
        place,
        week_of(requested_at) as week_start,
        8 as sla_hours,
        count(*) as request_count,
        count(*) filter (outcome = 'accepted') as answered_count,
        count(*) filter (outcome in ('withdrawn', 'superseded')) as withdrawn_count,
        count(*) filter (outcome = 'pending') as pending_count,
        count(*) filter (sla_state = 'met') as met_count,
        count(*) filter (sla_state = 'breached') as breached_count,
        count(*) filter (sla_state = 'running') as running_count,
        count(*) filter (sla_state in ('met', 'breached')) as judged_count,
        case when judged_count >= 5 then met_count / judged_count end as met_share,
        end_of(any_value(week_of(requested_at))) <= as_of() and running_count = 0 as is_final
    from placed
    group by scope, place, week_of(requested_at)
"""

REVIEW_LOAD = """
    with requests as (
        select * from told_requests
        where asked_person is not null and requested_at <= coalesce(settled_at, as_of())
    ),
    loads as (
        select asked_of as place, week_of(requested_at) as week_start, asked_person, count(*) as request_count
        from requests
        where outcome != 'superseded'
        group by all
    ),
    shared as (
        select
            place,
            week_start,
            sum(request_count)::bigint as requests,
            count(*) as reviewers,
            max(request_count) as most,
            list_sum(list_sort(list(request_count), 'DESC')[1:3]) as three_most,
            sum(request_count * request_count) as squares
        from loads
        group by all
    ),
    pending as (
        select
            asked_of as place,
            weeks.week_start,
            count(*) as pending_request_count,
            count(distinct asked_person) as pending_reviewer_count
        from requests
        join weeks
            on
                requests.requested_at < end_of(weeks.week_start)
                and coalesce(requests.settled_at >= end_of(weeks.week_start), true)
        group by all
    ),
    merged as (
        select
            team as place,
            week_of(merged_at) as week_start,
            count(*) as merged_change_count,
            count(*) filter (review_count = 0) as unreviewed_merge_count,
            count(*) filter (round_count >= 2) as repeated_review_count
        from milestones
        where merged_at is not null and not is_dependency_bot
        group by all
    )
    select
        place,
        week_start,
        coalesce(requests, 0) as request_count,
        case when requests >= 5 then reviewers end as reviewer_count,
        case when requests >= 5 then most / requests end as top1_share,
        case when requests >= 5 then three_most / requests end as top3_share,
        case when requests >= 5 then squares / (requests * requests) end as herfindahl_index,
        case when requests >= 5 then requests * requests / squares end as effective_reviewer_count,
        case when coalesce(requests, 0) < 5 then 'not_enough_data' end as top1_share_null_reason,
        coalesce(pending_request_count, 0) as pending_request_count,
        coalesce(pending_reviewer_count, 0) as pending_reviewer_count,
        coalesce(merged_change_count, 0) as merged_change_count,
        coalesce(unreviewed_merge_count, 0) as unreviewed_merge_count,
        coalesce(repeated_review_count, 0) as repeated_review_count,
        end_of(week_start) <= as_of() as is_final
    from shared
    full join pending using (place, week_start)
    full join merged using (place, week_start)
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

USAGE = """
    select
        week_of(merged_at) as week_start,
        count(*) as merged_change_count,
        count(*) filter (is_marked and author_person is null) as agent_authored_change_count,
        count(*) filter (is_marked and author_person is not null) as assisted_change_count,
        count(*) filter (not is_marked) as unknown_change_count,
        0 as none_observed_change_count
    from shown_changes
    where merged_at is not null
    group by all
"""

USAGE_MART = """
    select week_start, sum(columns('(.*_change_count)'))::bigint as '\\1'
    from built.metrics.assistant_usage_weekly
    group by week_start
"""

USERS = """
    select week_of(started_at) as week_start, tool as assistant, count(distinct owners.person) as person_count
    from truth.assistant_sessions as sessions
    join truth.account_owners as owners using (account)
    where sessions.ended_at < as_of() and sessions.tool = 'claude_code' and is_read_by('claude_code')
    group by all
"""

SATISFACTION = """
    with answers as (
        select
            week_of(answered_at) as week_start,
            kind,
            area,
            count(*) as response_count,
            count(*) filter (score >= case kind when 'nps' then 9 else 4 end) as satisfied,
            count(*) filter (score <= case kind when 'nps' then 6 else 2 end) as dissatisfied
        from truth.survey_responses
        where answered_at < as_of()
        group by all
    )
    select
        * exclude (satisfied, dissatisfied),
        case when response_count >= 5 then satisfied end as satisfied_count,
        case when response_count >= 5 then dissatisfied end as dissatisfied_count,
        case when response_count >= 5 then satisfied / response_count end as satisfied_share,
        case when response_count >= 5 then 100 * (satisfied - dissatisfied) / response_count end as net_score,
        case when response_count < 5 then 'not_enough_data' end as net_score_null_reason,
        end_of(week_start) <= as_of() as is_final
    from answers
"""


FEATURE_VIEWS = """
    create view feature_milestones as
    with changes as (
        select
            tickets.feature,
            milestones.*,
            case when milestones.delivery = 'linked' then milestones.deployed_at end as live_at,
            (
                select sum(epoch(coalesce(visits.exited_at, as_of())) - epoch(visits.entered_at))
                from shown_visits as visits
                where
                    visits.flow_item_type = 'change'
                    and visits.flow_item = milestones.change
                    and visits.stage in ('build', 'rework')
            ) as engineering_seconds
        from milestones
        join truth.tickets as tickets on tickets.ticket = milestones.ticket
        where milestones.is_ticket_shown and tickets.feature is not null
    ),
    exposures as (
        select feature, min(exposed_at) as exposed_at
        from truth.feature_customers
        where exposed_at < as_of()
        group by feature
    )
    select
        changes.feature,
        count(*) as change_count,
        min(changes.merged_at) as merged_at,
        min(changes.live_at) as live_at,
        coalesce(sum(changes.engineering_seconds), 0)::bigint as engineering_seconds,
        any_value(exposures.exposed_at) as exposed_at,
        any_value(adoptions.adopted_at) as adopted_at
    from changes
    left join exposures using (feature)
    left join feature_adoptions as adoptions using (feature)
    group by changes.feature;
"""

FEATURE_VISITS = """
    select 'feature:exposure_wait' as subject, live_at as started_at, exposed_at as ended_at,
        case when exposed_at is null then 'censored' else 'ended' end as outcome
    from feature_milestones
    where live_at is not null
    union all
    select 'feature:adoption', greatest(live_at, exposed_at), adopted_at,
        case when adopted_at is null then 'censored' else 'ended' end
    from feature_milestones
    where exposed_at is not null
"""

IDLE_FEATURES = """
    select
        feature,
        case when live_at is null then 'not_deployed' else 'not_exposed' end as reason,
        change_count,
        coalesce(live_at, merged_at) as waiting_since_at,
        (epoch(as_of()) - epoch(coalesce(live_at, merged_at)))::bigint as age_seconds,
        engineering_seconds,
        age_seconds > 14 * 86400 as is_idle
    from feature_milestones
    where merged_at is not null and exposed_at is null
"""

# some events come late, so that what was used in the last two days may or may not be known
ADOPTIONS = """
    select
        feature,
        min(exposed_at) as exposed_at,
        case when max(exposed_at) < as_of() then any_value(customer_count)
            else count(*) filter (exposed_at < as_of()) end as eligible_count,
        case when max(exposed_at) < as_of() then any_value(customer_count)
            else count(*) filter (exposed_at < told_until()) end as told_count,
        count(*) filter (first_used_at < as_of()) as user_count,
        count(*) filter (first_used_at < told_until()) as told_user_count,
        list(epoch(coalesce(first_used_at, as_of()))::bigint - epoch(exposed_at)::bigint)
            filter (exposed_at < as_of()) as durations,
        list(coalesce(first_used_at < as_of(), false)) filter (exposed_at < as_of()) as uses,
        (epoch(as_of()) - epoch(max(exposed_at)))::bigint as last_seconds
    from truth.feature_customers
    cross join (select count(*) as customer_count from truth.customers)
    group by feature
    having min(exposed_at) < as_of()
"""


def adoption(row: Row) -> Row:
    """Return the figures of a feature: shares as near as chance would have them among so many customers."""
    count = row["eligible_count"]
    waits = [
        (seconds, "ended" if is_used else "censored")
        for seconds, is_used in zip(row["durations"], row["uses"], strict=True)
    ]
    # at full rollout the others have it, too, since the last step
    waits += [(row["last_seconds"], "censored")] * (count - len(waits))
    steps = incidence_of(waits)
    median = quantile_of(steps, 50, count) if count >= FEWEST[50] else None
    users = Between(row["told_user_count"], row["user_count"])
    return {
        "feature": row["feature"],
        "exposed_at": row["exposed_at"],
        "eligible_count": Between(row["told_count"], count),
        "user_count": users,
        "adopter_count": users,
        "used_by_day_7_share": _near(
            max((share for seconds, share in steps if seconds <= 7 * DAY), default=0), count
        ) if count >= FEWEST[50] and max(seconds for seconds, _ in steps) >= 7 * DAY else None,
        "lag_p50_seconds": Between(median.low, median.high) if median else None,
    }


def _near(share: float, count: int) -> Between:
    """Return where chance may place a share that is seen among so many."""
    spread = 1.96 * sqrt(share * (1 - share) / count)
    return Between(share - spread, share + spread)


COVERAGE = """
    with reasons as (
        select 'fct_changes' as mart,
            unnest(['deployment_key', 'change_lead_seconds', 'change_lead_from_merge_seconds',
                'deployment_lead_seconds']) as measure,
            case delivery when 'linked' then 'observed' else delivery end as reason
        from milestones
        union all
        select 'fct_changes', unnest(['created_to_merged_seconds', 'time_to_merge_seconds']),
            case when merged_at is not null then 'observed' when closed_at is not null then 'not_applicable'
                else 'not_yet' end
        from milestones
        union all
        select 'fct_changes', 'pickup_seconds',
            case when picked_up_at is not null then 'observed'
                when coalesce(merged_at, closed_at) is not null then 'not_applicable' else 'not_yet' end
        from milestones
        union all
        select 'fct_changes', 'coding_seconds', 'observed' from milestones
        union all
        select 'fct_incidents', measure,
            case when measure in ('time_to_detect_seconds', 'time_to_mitigate_seconds') then 'not_observed'
                when instant < as_of() then 'observed' else 'not_yet' end
        from (
            select
                unnest(['time_to_detect_seconds', 'time_to_mitigate_seconds', 'time_to_acknowledge_seconds',
                    'time_to_resolve_seconds']) as measure,
                unnest([triggered_at, mitigated_at, acknowledged_at, resolved_at]) as instant
            from truth.incidents
            where triggered_at < as_of() and is_read_by('pagerduty')
        )
        union all
        select 'fct_work_items', 'decision_seconds',
            case when ready_at is not null then 'observed' when rejected_at is not null then 'not_applicable'
                else 'not_yet' end
        from tickets
        union all
        select 'fct_work_items', 'start_wait_seconds',
            case when ready_at is not null and started_at is not null then 'observed'
                when rejected_at is not null then 'not_applicable' else 'not_yet' end
        from tickets
        union all
        select 'fct_deployments', 'execution_seconds',
            case when finished_at >= as_of() or finished_at is null then 'not_yet'
                when started_at is null then 'not_applicable' else 'observed' end
        from truth.deployments
        where created_at < as_of()
        union all
        select 'fct_ci_jobs', 'queue_seconds',
            case when started_at is not null then 'observed' when finished_at is not null then 'not_applicable'
                else 'not_yet' end
        from told_jobs
    )
    select
        mart,
        measure,
        count(*) as row_count,
        count(*) filter (reason = 'observed') as observed_count,
        count(*) filter (reason = 'not_linked') as not_linked_count,
        count(*) filter (reason = 'not_observed') as not_observed_count,
        count(*) filter (reason = 'not_yet') as not_yet_count,
        count(*) filter (reason = 'not_applicable') as not_applicable_count
    from reasons
    group by mart, measure
"""
COVERAGE = f"with tickets as (from ({TRUTHS['work items']}) where is_read_by('jira')) from ({COVERAGE})"

COVERED = ", ".join(
    f"('{mart}', '{measure}')"
    for mart, measures in {
        "fct_changes": (
            "deployment_key",
            "change_lead_seconds",
            "change_lead_from_merge_seconds",
            "deployment_lead_seconds",
            "created_to_merged_seconds",
            "time_to_merge_seconds",
            "pickup_seconds",
            "coding_seconds",
        ),
        "fct_incidents": (
            "time_to_detect_seconds",
            "time_to_mitigate_seconds",
            "time_to_acknowledge_seconds",
            "time_to_resolve_seconds",
        ),
        "fct_work_items": ("decision_seconds", "start_wait_seconds"),
        "fct_deployments": ("execution_seconds",),
        "fct_ci_jobs": ("queue_seconds",),
    }.items()
    for measure in measures
)


def stays(connection: duckdb.DuckDBPyConnection) -> Iterable[Row]:
    """Yield how long all visits to each stage took, the open ones as censored."""
    until = until_of(connection)
    found: dict[str, list[tuple[int, str]]] = {}
    for item in items_of(connection, CHANGE_VISITS, ()):
        end = until if item.ended_at is None else item.ended_at
        found.setdefault(item.subject, []).append((end - item.started_at, item.outcome))
    for subject, durations in found.items():
        yield {"subject": subject, "usual_p85_seconds": durations}


def usual(row: Row) -> Row:
    """Return where chance may place the usual time in a stage."""
    durations = row["usual_p85_seconds"]
    found = quantile_of(incidence_of(durations), 85, len(durations))
    return {**row, "usual_p85_seconds": Between(found.low, found.high) if found else None}


def metrics(exact: Sequence[str], whole: str, paged: Sequence[str]) -> tuple[Metric, ...]:
    """Return all comparisons.

    Args:
        exact: companies whose pushes are all known.
        whole: the company that is read through all vendors.
        paged: those with a pager.
    """
    everywhere = (*exact, "unrecorded")
    by_change, by_service, by_all = ("team", "repository"), ("service",), ("organisation",)
    of_stage, of_type = "flow_item_type || ':' || stage", "flow_item_type = '{}'"
    return (
        latencies("flow_by_stage_weekly: changes", CHANGE_VISITS, where=exact, subject=of_stage,
                  only=of_type.format("change"), scopes=by_change),
        latencies("flow_by_stage_weekly: tickets", TICKET_VISITS, where=[whole], subject=of_stage,
                  only=of_type.format("work_item"), scopes=by_all),
        latencies("flow_by_stage_weekly: incidents", INCIDENT_VISITS, where=paged, subject=of_stage,
                  only=of_type.format("incident"), scopes=by_service),
        latencies("handoffs_weekly", HANDOFFS, where=exact,
                  subject="mechanism || ':' || from_role || ':' || to_role", scopes=("repository",),
                  only="mechanism != 'flag_change'"),
        latencies("change_latency_weekly",
                  f"select * from ({CHANGE_LATENCIES}) where started_at is not null and outcome is not null",
                  where=exact, subject="latency", only="latency != 'prompt_to_production'", scopes=by_change),
        latencies("deployment_waits_weekly: changes", RELEASE_WAITS, where=exact, subject="wait",
                  only="wait in ('release_wait', 'deployment_lead')", scopes=("repository",)),
        latencies("deployment_waits_weekly: deployments", DEPLOYMENT_WAITS, where=exact, subject="wait",
                  only="wait in ('approval_wait', 'execution')", scopes=by_service),
        latencies("incident_recovery_weekly", INCIDENTS, where=paged, subject="latency", scopes=by_service),
        latencies("decision_latency_weekly", DECISIONS, where=[whole], subject="latency", scopes=by_all),
        figures("dora_weekly", DORA, f"select * from {AT_SERVICE.format('dora_weekly')}",
                where=exact, key=("place", "week_start")),
        beside("dora_weekly: latencies", LEAD_TIMES, where=exact, scopes=by_service,
               subjects=("change_lead", "change_lead_from_merge", "recovery")),
        beside("ci_health_weekly: times", CI_TIMES, where=everywhere, scopes=["repository"],
               subjects=("queue", "run"), stamp_seconds=0),
        figures("ci_health_weekly", CI_HEALTH, f"select * from {AT_REPOSITORY.format('ci_health_weekly')}",
                where=everywhere, key=("place", "week_start"), stamp_seconds=0),
        figures("ci_capacity_hourly", CI_CAPACITY, "select mart.* from built.metrics.ci_capacity_hourly as mart"
                " join built.marts.dim_runner_pool as pools using (runner_pool_key)"
                " where list_contains(connections(), pools.connection)",
                where=everywhere, key=("hour_starts_at",), stamp_seconds=0),
        figures("review_sla_weekly", REVIEW_SLA, "select * from built.metrics.review_sla_weekly as mart"
                " join places using (scope) where place_key = coalesce(team_key, repository_key)",
                where=exact, key=("scope", "place", "week_start")),
        figures("review_load_weekly", REVIEW_LOAD, f"select * from {AT_TEAM.format('review_load_weekly')}",
                where=exact, key=("place", "week_start")),
        latencies("flow_by_stage_weekly: features", FEATURE_VISITS, where=[whole], subject=of_stage,
                  only=of_type.format("feature"), scopes=by_all),
        figures("idle_features", IDLE_FEATURES, "select mart.*, features.name as feature"
                " from built.metrics.idle_features as mart join built.marts.dim_feature as features"
                " using (feature_key)", where=[whole], key=("feature",)),
        figures("feature_adoption", ADOPTIONS,
                "select * from built.metrics.feature_adoption where exposed_at is not null", where=[whole],
                key=("feature",), finish=adoption),
        figures("metric_coverage", COVERAGE,
                f"select * from built.metrics.metric_coverage where (mart, measure) in ({COVERED})",
                where=everywhere, key=("mart", "measure"), is_shared=True),
        Metric("open_work_aging: usual", exact, stays, "select distinct 'change:' || stage as subject,"
               " usual_p85_seconds from built.metrics.open_work_aging where flow_item_type = 'change'",
               ("subject",), is_shared=True, finish=usual),
        figures("open_work_aging", OPEN_WORK, OPEN_WORK_MART, where=exact, key=("flow_item_type", "item")),
        figures("assistant_usage_weekly: changes", USAGE,
                USAGE_MART, where=everywhere, key=("week_start",), is_shared=True),
        figures("assistant_usage_weekly: users", USERS,
                "select * from built.metrics.assistant_usage_weekly where assistant = 'claude_code' and person_count > 0", where=[whole],
                key=("week_start", "assistant")),
        figures("satisfaction_weekly", SATISFACTION, "select * from built.metrics.satisfaction_weekly",
                where=[whole], key=("week_start", "kind", "area")),
        beside("dora_weekly: gaps", LEAD_TIMES, where=exact, scopes=by_service, subjects=("deployment_gap",), percents=[50]),
    )
