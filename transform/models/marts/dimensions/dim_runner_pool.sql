with

ci_jobs as (

    select * from {{ ref('ci_jobs') }}

),

pools as (

    select distinct
        connection,
        runner_pool
    from ci_jobs
    where runner_pool is not null

)

select
    {{ surrogate_key('runner_pool', 'connection', 'runner_pool') }} as runner_pool_key,
    connection,
    runner_pool as name
from pools
union all
select
    {{ unknown_key() }} as runner_pool_key,
    cast(null as string) as connection,
    'unknown' as name
