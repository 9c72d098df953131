with

teams as (

    select * from {{ ref('stg_flowgauge__teams') }}

)

select
    {{ surrogate_key('team', 'team') }} as team_key,
    team,
    max_by(calendar, coalesce(valid_from, cast('1970-01-01' as date))) as calendar,
    case when count(*) = count(valid_from) then min(valid_from) end as valid_from,
    case when count(*) = count(valid_to) then max(valid_to) end as valid_to
from teams
group by team
