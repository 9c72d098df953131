with

ci_runs as (

    select * from {{ ref('int_delivery__ci_runs') }}

),

ci_jobs as (

    select * from {{ ref('int_delivery__ci_jobs') }}

),

sha_changes as (

    select * from {{ ref('int_delivery__sha_changes') }}

),

repositories as (

    select * from {{ ref('repositories') }}

),

pools as (

    select
        ci_run_key,
        case when min(runner_pool) = max(runner_pool) then min(runner_pool) end as runner_pool
    from ci_jobs
    where ci_run_key is not null
    group by ci_run_key

),

described as (

    select
        ci_runs.*,
        sha_changes.change_key,
        pools.runner_pool,
        coalesce(ci_runs.branch = repositories.default_branch, false) as is_on_default_branch,
        bool_or(ci_runs.conclusion = 'success') over same_code
        and bool_or(ci_runs.conclusion = 'failure') over same_code as has_both_outcomes
    from ci_runs
    left join sha_changes
        on
            ci_runs.connection = sha_changes.connection
            and ci_runs.repository = sha_changes.repository
            and ci_runs.sha = sha_changes.sha
            and ci_runs.branch is not distinct from sha_changes.branch
    left join pools
        on ci_runs.ci_run_key = pools.ci_run_key
    left join repositories
        on
            ci_runs.connection = repositories.connection
            and ci_runs.repository = repositories.source_id
    window
        same_code as (partition by ci_runs.connection, ci_runs.repository, ci_runs.sha, ci_runs.name)

)

select
    ci_run_key,
    source_connection as connection,
    ci_run as source_id,
    {{ known_key(surrogate_key('repository', 'connection', 'repository')) }} as repository_key,
    sha,
    change_key,
    {{ ci_change_null_reason() }} as change_key_null_reason,
    run,
    name,
    branch,
    trigger,
    attempt,
    attempt = 1 as is_first_attempt,
    queued_at,
    started_at,
    finished_at,
    {{ possible_seconds('queued_at', 'started_at') }} as queue_seconds,
    {{ ci_queue_null_reason() }} as queue_seconds_null_reason,
    {{ possible_seconds('started_at', 'finished_at') }} as run_seconds,
    {{ ci_run_null_reason() }} as run_seconds_null_reason,
    busy_seconds,
    conclusion,
    {{ ci_failure_class() }} as failure_class,
    sha is not null and has_both_outcomes and conclusion in ('success', 'failure') as is_flaky,
    {{ known_key(surrogate_key('runner_pool', 'source_connection', 'runner_pool')) }} as runner_pool_key
from described
