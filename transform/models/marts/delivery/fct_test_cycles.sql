with

jobs as (

    select * from {{ ref('int_delivery__ci_jobs') }}

),

coverage as (

    select * from {{ ref('int_delivery__test_coverage') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

cycles as (

    select
        connection,
        repository,
        sha,
        count(*) as test_job_count,
        min(started_at) as started_at,
        case when count(*) = count(finished_at) then max(finished_at) end as finished_at
    from jobs
    where
        job_type = 'test'
        and sha is not null
        and coalesce(conclusion != 'skipped', true)
        and coalesce(started_at <= finished_at, true)
    group by connection, repository, sha

),

tested as (

    select
        connection,
        repository,
        sha
    from cycles
    union distinct
    select
        connection,
        repository,
        sha
    from coverage

),

heads as (

    select
        connection,
        repository,
        head_sha,
        min(change_key) as change_key
    from changes
    group by connection, repository, head_sha

)

select
    {{ surrogate_key('test_cycle', 'tested.connection', 'tested.repository', 'tested.sha') }}
        as test_cycle_key,
    {{ surrogate_key('repository', 'tested.connection', 'tested.repository') }} as repository_key,
    tested.sha,
    heads.change_key,
    case when heads.change_key is null then 'not_linked' end as change_key_null_reason,
    coalesce(cycles.test_job_count, 0) as test_job_count,
    cycles.started_at,
    cycles.finished_at,
    {{ possible_seconds('cycles.started_at', 'cycles.finished_at') }} as test_cycle_seconds,
    {{ seconds_null_reason(
        'cycles.started_at',
        'cycles.finished_at',
        "case when cycles.sha is null then 'not_observed' else 'not_yet' end"
    ) }} as test_cycle_seconds_null_reason,
    coverage.passed_count,
    coverage.failed_count,
    coverage.skipped_count,
    coverage.line_test_coverage,
    case when coverage.line_test_coverage is null then 'not_observed' end as line_test_coverage_null_reason,
    coverage.diff_test_coverage,
    case when coverage.diff_test_coverage is null then 'not_observed' end as diff_test_coverage_null_reason
from tested
left join cycles
    on
        tested.connection = cycles.connection
        and tested.repository = cycles.repository
        and tested.sha = cycles.sha
left join coverage
    on
        tested.connection = coverage.connection
        and tested.repository = coverage.repository
        and tested.sha = coverage.sha
left join heads
    on
        tested.connection = heads.connection
        and tested.repository = heads.repository
        and tested.sha = heads.head_sha
