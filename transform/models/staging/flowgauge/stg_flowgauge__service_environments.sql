with

source as (

    select * from {{ source('flowgauge', 'service_environments') }}

),

renamed as (

    select
        service,
        environment,
        is_production
    from source

)

select * from renamed
