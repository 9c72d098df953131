{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'deployments') }}

),

renamed as (

    select
        connection,
        id as deployment_id,
        node_id,
        repository_id,
        sha,
        ref,
        task,
        environment,
        is_production,
        is_transient,
        creator_id,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
