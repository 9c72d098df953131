{#-
Each job waits, then runs: +1 and -1 steps, summed up along its pool. The cap is the most seen up to then: what is
seen later neither makes a pool that was full look as if it had room, nor moves a figure that is final.
-#}
with

jobs as (

    select * from {{ ref('fct_ci_jobs') }}

),

connection_horizons as (

    select * from {{ ref('int_flow__connection_horizons') }}

),

spans as (

    select
        jobs.runner_pool_key,
        jobs.queued_at,
        coalesce(jobs.started_at, jobs.finished_at, connection_horizons.observed_until_at) as dequeued_at,
        jobs.started_at,
        coalesce(jobs.finished_at, connection_horizons.observed_until_at) as finished_at
    from jobs
    inner join connection_horizons
        on jobs.connection = connection_horizons.connection

),

steps as (

    {%- for begin, end, running in [('queued_at', 'dequeued_at', 0), ('started_at', 'finished_at', 1)] %}
        {%- set is_last = loop.last %}
        {%- for instant, step in [(begin, 1), (end, -1)] %}
            select
                runner_pool_key,
                {{ instant }} as changed_at,
                {{ step if running else 0 }} as running_step,
                {{ 0 if running else step }} as queued_step
            from spans
            where {{ begin }} < {{ end }}
            {{ "union all" if not (is_last and loop.last) }}
        {%- endfor %}
    {%- endfor %}

),

summed as (

    select
        runner_pool_key,
        changed_at,
        sum(running_step) as running_step,
        sum(queued_step) as queued_step
    from steps
    group by runner_pool_key, changed_at

),

segments as (

    select
        runner_pool_key,
        changed_at as starts_at,
        lead(changed_at) over (partition by runner_pool_key order by changed_at) as ends_at,
        cast(sum(running_step) over (partition by runner_pool_key order by changed_at) as bigint)
            as running_count,
        cast(sum(queued_step) over (partition by runner_pool_key order by changed_at) as bigint)
            as queued_count
    from summed

),

capped as (

    select
        *,
        max(running_count) over (partition by runner_pool_key order by starts_at) as observed_cap
    from segments

)

select
    *,
    queued_count > 0 and running_count > 0 and running_count >= observed_cap as is_saturated
from capped
where ends_at is not null and (running_count > 0 or queued_count > 0)
