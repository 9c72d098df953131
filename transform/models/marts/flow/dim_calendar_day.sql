with

calendar_days as (

    select * from {{ ref('int_flow__calendar_days') }}

)

select
    {{ surrogate_key(
        'calendar_day',
        'calendar',
        'cast(version as string)',
        'cast(local_date as string)'
    ) }} as calendar_day_key,
    calendar,
    valid_from,
    local_date,
    work_start_at,
    work_end_at,
    cumulative_seconds
from calendar_days
