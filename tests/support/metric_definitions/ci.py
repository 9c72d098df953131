"""Jobs of CI: what becomes of them, how long they wait and run, and how busy the runners are."""

from support.metric_definitions.kit import at, beside, figures
from support.simulated import ALL

VIEWS = """
    -- what a run that was started again inherits is not run again; times are those of the runner's clock, and
    -- a job's first step begins a second after the job, or never: then its end stands for its start
    create table told_jobs as
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
    where started_at is not null
"""

CI_HEALTH = """
    with jobs as (
        select
            *,
            conclusion = 'failure'
            and bool_or(conclusion = 'success') over (partition by repository, sha, name) as is_flaky,
            epoch(finished_at) - epoch(started_at) as run_seconds,
            -- told once the job has ended; what is called off while it prepares has done nothing else
            case when run_seconds is not null then least(setup_seconds, run_seconds) end as told_setup_seconds
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
        coalesce(sum(told_setup_seconds), 0)::bigint as setup_seconds,
        sum(told_setup_seconds) / nullif(sum(run_seconds), 0) as setup_share,
        case when sum(run_seconds) > 0 then null when bool_or(conclusion = 'running') then 'not_yet'
            else 'not_applicable' end as setup_share_null_reason
    from jobs
    group by repository, week_of(queued_at)
"""

CI_JOBS = """
    with commits as (
        select
            week_of(queued_at) as week_start,
            repository,
            name as job,
            count(*) as attempts,
            count(*) filter (conclusion = 'failure') as failures,
            count(*) filter (conclusion = 'timed_out') as infrastructure_failures,
            bool_or(conclusion in ('success', 'failure')) as is_judged,
            bool_or(is_both) as is_flaky
        from (
            select
                *,
                conclusion in ('success', 'failure')
                and bool_or(conclusion = 'success') over code
                and bool_or(conclusion = 'failure') over code as is_both
            from told_jobs
            window code as (partition by repository, sha, name)
        )
        group by week_of(queued_at), repository, name, sha
    )
    select
        week_start,
        repository::varchar as place,
        job,
        sum(attempts)::bigint as attempt_count,
        sum(failures)::bigint as failure_count,
        sum(infrastructure_failures)::bigint as infrastructure_failure_count,
        count(*) filter (is_judged) as commit_count,
        count(*) filter (is_flaky) as flaky_commit_count
    from commits
    group by week_start, repository, job
"""

# saturated while jobs wait and as many run as ever had at once until then
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
    capped as (select *, max(running) over (order by starts_at) as cap from segments),
    hours as (
        select
            hour as hour_starts_at,
            queued,
            running,
            cap,
            queued > 0 and running > 0 and running = cap as is_full,
            epoch(least(ends_at, hour + interval 1 hour)) - epoch(greatest(starts_at, hour)) as seconds
        from
            capped,
            unnest(generate_series(date_trunc('hour', starts_at), ends_at, interval 1 hour)) as series(hour)
        where hour < ends_at and queued + running > 0
    )
    select
        hour_starts_at,
        max(cap)::bigint as observed_cap,
        max(running)::bigint as running_max_count,
        sum(running * seconds)::bigint as running_seconds,
        sum(queued * seconds)::bigint as queued_seconds,
        coalesce(sum(seconds) filter (is_full), 0)::bigint as saturated_seconds,
        coalesce(sum(queued * seconds) filter (is_full), 0)::bigint
            as saturated_queued_seconds,
        hour_starts_at + interval 1 hour <= as_of() as is_final
    from hours
    group by hour_starts_at
"""


METRICS = (
    figures(
        "ci_health_weekly",
        CI_HEALTH,
        f"select * from {at('ci_health_weekly', 'repository')} where attempt_count > 0",
        where=ALL,
        key=("place", "week_start"),
        stamp_seconds=0,
    ),
    beside(
        "ci_health_weekly: times",
        CI_TIMES,
        where=ALL,
        subjects=("queue", "run"),
        scope="repository",
        stamp_seconds=0,
    ),
    figures(
        "ci_jobs_weekly",
        CI_JOBS,
        f"select * from {at('ci_jobs_weekly', 'repository')}",
        where=ALL,
        key=("week_start", "place", "job"),
    ),
    figures(
        "ci_capacity_hourly",
        CI_CAPACITY,
        """
        select mart.*
        from built.metrics.ci_capacity_hourly as mart
        join built.marts.dim_runner_pool as pools using (runner_pool_key)
        where list_contains(connections(), pools.connection)
        """,
        where=ALL,
        key=("hour_starts_at",),
        stamp_seconds=0,
    ),
)
