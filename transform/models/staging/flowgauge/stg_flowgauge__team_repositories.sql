with

source as (

    select * from {{ source('flowgauge', 'team_repositories') }}

),

renamed as (

    select
        team,
        repository as repository_name,
        valid_from,
        valid_to
    from source

)

select * from renamed
