with

assistants as (

    select * from {{ ref('int_people__assistants') }}

)

select
    assistant_key,
    assistant as name
from assistants
union all
select
    {{ unknown_key() }} as assistant_key,
    'unknown' as name
