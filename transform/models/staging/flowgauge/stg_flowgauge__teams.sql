with

source as (

    select * from {{ source('flowgauge', 'teams') }}

),

renamed as (

    select
        team,
        calendar,
        valid_from,
        valid_to
    from source

)

select * from renamed
