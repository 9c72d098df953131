with

source as (

    select * from {{ source('flowgauge', 'deployment_sequence') }}

),

renamed as (

    select
        source_connection,
        connection,
        repository,
        deployment,
        previous_deployment,
        commit_sha,
        is_first_success,
        is_rollback,
        is_redeploy
    from source

)

select * from renamed
