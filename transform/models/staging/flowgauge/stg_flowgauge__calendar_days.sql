with

source as (

    select * from {{ source('flowgauge', 'calendar_days') }}

),

renamed as (

    select
        calendar,
        valid_from,
        local_date,
        {{ to_utc('work_start_at') }} as work_start_at,
        {{ to_utc('work_end_at') }} as work_end_at,
        cumulative_seconds
    from source

)

select * from renamed
