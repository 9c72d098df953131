with

source as (

    select * from {{ source('flowgauge', 'targets') }}

),

renamed as (

    select
        name,
        value,
        unit
    from source

)

select * from renamed
