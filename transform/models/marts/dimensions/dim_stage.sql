with

stages as (

    select * from {{ ref('stages') }}

)

select
    {{ surrogate_key('stage', 'stage') }} as stage_key,
    stage,
    stage_order,
    kind,
    waiting_on_role,
    description
from stages
union all
select
    {{ unknown_key() }} as stage_key,
    'unknown' as stage,
    cast(null as bigint) as stage_order,
    'unknown' as kind,
    'unknown' as waiting_on_role,
    'Stage that is not known' as description
