with

source as (

    select * from {{ source('flowgauge', 'features') }}

),

renamed as (

    select
        feature,
        flag,
        key_event,
        times,
        within_days
    from source

)

select * from renamed
