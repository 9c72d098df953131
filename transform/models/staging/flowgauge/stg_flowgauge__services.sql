with

source as (

    select * from {{ source('flowgauge', 'services') }}

),

renamed as (

    select
        service,
        repository as repository_name,
        path_prefix,
        team,
        valid_from,
        valid_to
    from source

)

select * from renamed
