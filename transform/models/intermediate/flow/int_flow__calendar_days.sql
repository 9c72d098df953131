with

calendar_days as (

    select * from {{ ref('stg_flowgauge__calendar_days') }}

),

versions as (

    select distinct
        calendar,
        valid_from
    from calendar_days

),

dated_versions as (

    select
        calendar,
        valid_from,
        cast(
            lead(valid_from) over (partition by calendar order by valid_from asc nulls first)
            - interval '1' day as date
        ) as valid_to,
        row_number() over (partition by calendar order by valid_from asc nulls first) as version
    from versions

)

select
    dated_versions.calendar,
    dated_versions.version,
    dated_versions.valid_from,
    dated_versions.valid_to,
    calendar_days.local_date,
    calendar_days.work_start_at,
    calendar_days.work_end_at,
    calendar_days.cumulative_seconds
from calendar_days
inner join dated_versions
    on
        calendar_days.calendar = dated_versions.calendar
        and coalesce(calendar_days.valid_from, date '0001-01-01')
        = coalesce(dated_versions.valid_from, date '0001-01-01')
