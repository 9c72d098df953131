with

ci_runs as (

    select * from {{ ref('int_delivery__ci_runs') }}

),

ci_jobs as (

    select * from {{ ref('int_delivery__ci_jobs') }}

),

tested as (

    select
        connection,
        repository,
        sha,
        branch,
        queued_at
    from ci_runs
    union all
    select
        connection,
        repository,
        sha,
        branch,
        queued_at
    from ci_jobs

)

select
    connection,
    repository,
    sha,
    branch,
    min(queued_at) as first_queued_at
from tested
where sha is not null
group by connection, repository, sha, branch
