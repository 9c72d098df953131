with

source as (

    select * from {{ source('flowgauge', 'tracker_statuses') }}

),

renamed as (

    select
        project,
        connection,
        team,
        status,
        ticket_stage,
        valid_from,
        valid_to
    from source

)

select * from renamed
