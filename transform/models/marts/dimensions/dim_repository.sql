with

repositories as (

    select * from {{ ref('int_delivery__repositories') }}

)

select
    {{ surrogate_key('repository', 'connection', 'repository') }} as repository_key,
    connection,
    repository as source_id,
    name,
    default_branch,
    is_archived,
    is_ambiguous
from repositories
where is_hosted_here
union all
select
    {{ unknown_key() }} as repository_key,
    cast(null as string) as connection,
    cast(null as string) as source_id,
    'unknown' as name,
    cast(null as string) as default_branch,
    cast(null as boolean) as is_archived,
    false as is_ambiguous
