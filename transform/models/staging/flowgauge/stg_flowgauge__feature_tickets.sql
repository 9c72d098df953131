with

source as (

    select * from {{ source('flowgauge', 'feature_tickets') }}

),

renamed as (

    select
        feature,
        ticket
    from source

)

select * from renamed
