{{ config(enabled=is_connector_enabled('jenkins')) }}

with

source as (

    select * from {{ source('jenkins', 'stages') }}

),

renamed as (

    select
        connection,
        job_name,
        build_number,
        stage_id,
        name,
        status,
        {{ to_utc('started_at') }} as started_at,
        {{ to_utc('finished_at') }} as finished_at,
        paused_milliseconds,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
