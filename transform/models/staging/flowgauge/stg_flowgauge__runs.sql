with

source as (

    select * from {{ source('flowgauge', 'runs') }}

),

renamed as (

    select
        run_id,
        {{ to_utc('started_at') }} as started_at,
        {{ to_utc('as_of') }} as as_of
    from source

)

select * from renamed
