with

source as (

    select * from {{ source('flowgauge', 'team_members') }}

),

renamed as (

    select
        team,
        login,
        connection,
        valid_from,
        valid_to
    from source

)

select * from renamed
