with

ci_jobs as (

    select * from {{ ref('int_delivery__ci_jobs') }}

),

sha_changes as (

    select * from {{ ref('int_delivery__sha_changes') }}

),

repositories as (

    select * from {{ ref('repositories') }}

),

described as (

    select
        ci_jobs.*,
        sha_changes.change_key,
        coalesce(ci_jobs.branch = repositories.default_branch, false) as is_on_default_branch,
        bool_or(ci_jobs.conclusion = 'success') over same_code
        and bool_or(ci_jobs.conclusion = 'failure') over same_code as has_both_outcomes
    from ci_jobs
    left join sha_changes
        on
            ci_jobs.connection = sha_changes.connection
            and ci_jobs.repository = sha_changes.repository
            and ci_jobs.sha = sha_changes.sha
            and ci_jobs.branch is not distinct from sha_changes.branch
    left join repositories
        on
            ci_jobs.connection = repositories.connection
            and ci_jobs.repository = repositories.source_id
    window
        same_code as (
            partition by ci_jobs.connection, ci_jobs.repository, ci_jobs.sha, ci_jobs.run_name, ci_jobs.name
        )

)

select
    ci_job_key,
    source_connection as connection,
    ci_job as source_id,
    ci_run_key,
    case when ci_run_key is null then 'not_observed' end as ci_run_key_null_reason,
    {{ known_key(surrogate_key('repository', 'connection', 'repository')) }} as repository_key,
    sha,
    change_key,
    {{ ci_change_null_reason() }} as change_key_null_reason,
    name,
    job_type,
    is_required,
    branch,
    attempt,
    attempt = 1 as is_first_attempt,
    queued_at,
    started_at,
    finished_at,
    {{ possible_seconds('queued_at', 'started_at') }} as queue_seconds,
    {{ ci_queue_null_reason() }} as queue_seconds_null_reason,
    {{ possible_seconds('started_at', 'finished_at') }} as run_seconds,
    {{ ci_run_null_reason() }} as run_seconds_null_reason,
    setup_seconds,
    case
        when setup_seconds is not null then null
        when conclusion = 'running' then 'not_yet'
        when conclusion = 'skipped' then 'not_applicable'
        else 'not_observed'
    end as setup_seconds_null_reason,
    conclusion,
    {{ ci_failure_class() }} as failure_class,
    sha is not null and has_both_outcomes and conclusion in ('success', 'failure') as is_flaky,
    {{ known_key(surrogate_key('runner_pool', 'source_connection', 'runner_pool')) }} as runner_pool_key
from described
