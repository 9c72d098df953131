{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'pipelines') }}

),

renamed as (

    select
        connection,
        id as pipeline_id,
        repository_id,
        name,
        source,
        ref,
        sha,
        status,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('updated_at') }} as updated_at,
        {{ to_utc('started_at') }} as started_at,
        {{ to_utc('finished_at') }} as finished_at,
        duration_seconds,
        coverage,
        user_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
