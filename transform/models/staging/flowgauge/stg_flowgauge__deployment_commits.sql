with

source as (

    select * from {{ source('flowgauge', 'deployment_commits') }}

),

renamed as (

    select
        source_connection,
        connection,
        repository,
        deployment,
        sha,
        is_delivered,
        is_left_censored,
        removed_by
    from source

)

select * from renamed
