with

source as (

    select * from {{ source('flowgauge', 'settings') }}

),

renamed as (

    select
        reporting_timezone,
        content_hash
    from source

)

select * from renamed
