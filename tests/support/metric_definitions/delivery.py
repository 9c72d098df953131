"""Deployments: what waits for them, and DORA's five."""

from support.metric_definitions.flow import CHANGE_VISITS, UNDELIVERED, change_latency
from support.metric_definitions.kit import at, beside, figures, latencies
from support.simulated import ALL, EXACT

VIEWS = """
    -- made while the incident lasted: what rolls back, or carries the revert of a change
    create view remedies as
    select incidents.incident, deployments.deployment, deployments.finished_at, deployments.is_rollback
    from shown_incidents as incidents
    join told_deployments as deployments
        on
            deployments.service = incidents.service
            and deployments.status = 'success'
            and deployments.created_at >= incidents.triggered_at
            and coalesce(deployments.created_at <= incidents.resolved_at, true)
    where
        deployments.is_rollback
        or exists (
            from truth.deployment_changes as links
            join truth.changes as changes on changes.change = links.change
            where
                links.deployment = deployments.deployment
                and links.service = deployments.service
                and changes.reverts_change is not null
        );

    -- what really broke the service, where a rollback or revert gives it away; and what came last before
    create view failures as
    with evidenced as (
        select incidents.incident, incidents.caused_by_deployment as deployment
        from shown_incidents as incidents
        join remedies using (incident)
        where incidents.mitigation = 'rollback' and remedies.is_rollback
        union
        select incidents.incident, incidents.caused_by_deployment
        from shown_incidents as incidents
        join truth.deployment_changes as links on links.deployment = incidents.caused_by_deployment
        join milestones as changes on changes.change = links.change
        where
            incidents.mitigation = 'revert'
            and changes.reverted_at >= incidents.triggered_at
            and coalesce(changes.reverted_at <= incidents.resolved_at, true)
    ),
    suspected as (
        select incidents.incident, arg_max(deployments.deployment, deployments.finished_at) as deployment
        from shown_incidents as incidents
        join told_deployments as deployments
            on
                deployments.service = incidents.service
                and deployments.status = 'success'
                and deployments.finished_at <= incidents.triggered_at
                and deployments.finished_at >= incidents.triggered_at - interval 24 hour
        group by incidents.incident
    ),
    mended as (
        select
            evidenced.incident,
            evidenced.deployment,
            least(any_value(incidents.resolved_at), min(remedies.finished_at)) as restored_at
        from evidenced
        join shown_incidents as incidents using (incident)
        left join remedies using (incident)
        group by all
    )
    select deployment, true as is_evidenced, max(restored_at) as restored_at
    from mended
    group by deployment
    union all
    select distinct deployment, false, null::timestamp
    from suspected
    where deployment not in (select deployment from evidenced);

    create table lead_times as
    select
        services.service,
        milestones.first_commit_authored_at,
        milestones.merged_at,
        case
            when milestones.merged_at is null then milestones.closed_at
            when milestones.reverted_at < coalesce(deliveries.deployed_at, as_of())
                then milestones.reverted_at
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

RELEASE_WAITS = f"""
    select subject, repository, started_at, ended_at, outcome
    from ({
    change_latency(
        "deployment_lead", "merged_at", "case when delivery = 'linked' then deployed_at end", UNDELIVERED
    )
})
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
        where is_evidenced
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
            count(*) filter (status = 'success' and failures.deployment is not null)
                as suspected_failure_count,
            count(*) filter (reworks.deployment is not null) as rework_count
        from told_deployments
        left join failures using (deployment)
        left join (select distinct deployment from remedies) as reworks using (deployment)
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

RELEASE_GAPS = """
    select 'release_gap' as subject, repository, published_at as started_at,
        lead(published_at) over (partition by repository order by published_at) as ended_at,
        case when ended_at is null then 'censored' else 'ended' end as outcome
    from truth.releases
    where published_at < as_of() and not is_prerelease
"""

# a repository has rows from the week of its first release on
RELEASES = """
    with told as (
        select repository, week_of(published_at) as week_start, is_prerelease
        from truth.releases
        where published_at < as_of()
    ),
    begun as (select repository, min(week_start) as first_week from told group by repository)
    select
        begun.repository::varchar as place,
        weeks.week_start,
        count(*) filter (not told.is_prerelease) as release_count,
        count(*) filter (told.is_prerelease) as prerelease_count,
        0 as bare_tag_count
    from begun
    join weeks on weeks.week_start >= begun.first_week
    left join told on told.repository = begun.repository and told.week_start = weeks.week_start
    group by begun.repository, weeks.week_start
"""

# before the first deployment to an environment nobody knows what was live
DRIFT = """
    with begun as (
        select repository, environment, min(finished_at) as first_at
        from told_deployments
        where status = 'success'
        group by all
    ),
    looks as (
        select looks.*, first_at is not null as is_known
        from truth.environment_looks as looks
        left join begun
            on
                begun.repository = looks.repository
                and begun.environment = looks.environment
                and begun.first_at <= looks.observed_at
    )
    select
        repository::varchar as place,
        week_of(observed_at) as week_start,
        count(*) as look_count,
        count(declared_sha) as declared_count,
        count(*) filter (declared_sha != live_sha) as other_than_declared_count,
        count(*) filter (is_known) as deployed_count,
        count(*) filter (is_known and is_by_hand) as undeployed_count,
        count(plan_drift_count) as plan_count,
        count(*) filter (plan_drift_count > 0) as drifting_plan_count,
        case when plan_count >= 5 then drifting_plan_count / plan_count end as drifting_plan_share,
        end_of(any_value(week_of(observed_at))) <= as_of() as is_final
    from looks
    group by repository, week_of(observed_at)
"""


METRICS = (
    latencies(
        "deployment_waits_weekly: changes",
        RELEASE_WAITS,
        where=EXACT,
        subject="wait",
        only="wait in ('release_wait', 'deployment_lead')",
        scopes=("repository",),
    ),
    latencies(
        "deployment_waits_weekly: deployments",
        DEPLOYMENT_WAITS,
        where=EXACT,
        subject="wait",
        only="wait in ('approval_wait', 'execution')",
        scopes=("service",),
    ),
    figures(
        "dora_weekly",
        DORA,
        f"select * from {at('dora_weekly', 'service')}",
        where=EXACT,
        key=("place", "week_start"),
    ),
    beside(
        "dora_weekly: lead times and recovery",
        LEAD_TIMES,
        where=EXACT,
        subjects=("change_lead", "change_lead_from_merge", "recovery"),
        scope="service",
    ),
    beside(
        "dora_weekly: gaps",
        LEAD_TIMES,
        where=EXACT,
        subjects=("deployment_gap",),
        scope="service",
        percents=(50,),
    ),
    figures(
        "releases_weekly",
        RELEASES,
        f"select * from {at('releases_weekly', 'repository')}",
        where=ALL,
        key=("place", "week_start"),
    ),
    beside(
        "releases_weekly: gaps",
        RELEASE_GAPS,
        where=ALL,
        subjects=("release_gap",),
        scope="repository",
        percents=(50,),
    ),
    figures(
        "environment_drift_weekly",
        DRIFT,
        f"select * from {at('environment_drift_weekly', 'repository')}",
        where=EXACT,
        key=("place", "week_start"),
    ),
)
