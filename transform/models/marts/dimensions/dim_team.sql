with

teams as (

    select * from {{ ref('int_people__teams') }}

)

select
    team_key,
    team as name,
    calendar,
    valid_from,
    valid_to
from teams
union all
select
    {{ unknown_key() }} as team_key,
    'unknown' as name,
    cast(null as string) as calendar,
    cast(null as date) as valid_from,
    cast(null as date) as valid_to
