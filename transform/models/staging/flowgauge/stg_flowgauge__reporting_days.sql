with

source as (

    select * from {{ source('flowgauge', 'reporting_days') }}

),

renamed as (

    select
        date_day,
        {{ to_utc('starts_at') }} as starts_at,
        {{ to_utc('ends_at') }} as ends_at,
        week_start,
        iso_week
    from source

)

select * from renamed
