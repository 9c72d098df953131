with

source as (

    select * from {{ source('flowgauge', 'repository_matches') }}

),

renamed as (

    select
        connection,
        repository,
        hosting_connection,
        hosting_repository,
        is_ambiguous
    from source

)

select * from renamed
