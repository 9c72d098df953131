with

repositories as (

    select * from {{ ref('repositories') }}

)

select
    {{ surrogate_key('repository', 'connection', 'source_id') }} as repository_key,
    connection,
    source_id,
    name,
    default_branch,
    is_archived
from repositories
union all
select
    {{ unknown_key() }} as repository_key,
    cast(null as string) as connection,
    cast(null as string) as source_id,
    'unknown' as name,
    cast(null as string) as default_branch,
    cast(null as boolean) as is_archived
