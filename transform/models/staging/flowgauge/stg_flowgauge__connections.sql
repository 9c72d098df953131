with

source as (

    select * from {{ source('flowgauge', 'connections') }}

),

renamed as (

    select
        connection,
        connector,
        base_url,
        {{ to_utc('loaded_through_at') }} as loaded_through_at,
        {{ to_utc('history_start_at') }} as history_start_at,
        {{ to_utc('last_attempt_at') }} as last_attempt_at,
        last_outcome,
        last_error
    from source

)

select * from renamed
