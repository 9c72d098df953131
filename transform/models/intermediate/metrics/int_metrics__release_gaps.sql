{#- Only what was published for everybody; a tag that no release bears is none. -#}
with

releases as (

    select * from {{ ref('fct_releases') }}

),

published as (

    select
        *,
        lead(published_at) over (
            partition by repository_key order by published_at, release_key
        ) as next_published_at
    from releases
    where {{ is_general_release() }}

)

select
    'release_gap' as subject,
    release_key as item_key,
    connection,
    repository_key,
    cast(null as string) as team_key,
    cast(null as string) as service_key,
    published_at as started_at,
    next_published_at as ended_at,
    case when next_published_at is null then 'censored' else 'ended' end as outcome
from published
