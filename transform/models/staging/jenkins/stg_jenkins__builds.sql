{{ config(enabled=is_connector_enabled('jenkins')) }}

with

source as (

    select * from {{ source('jenkins', 'builds') }}

),

renamed as (

    select
        connection,
        job_name,
        build_number,
        type as build_type,
        trigger,
        upstream_job_name,
        upstream_build_number,
        is_building,
        result,
        is_timed_out,
        {{ to_utc('started_at') }} as started_at,
        {{ to_utc('finished_at') }} as finished_at,
        duration_milliseconds,
        queuing_milliseconds,
        repository_id,
        sha,
        branch,
        test_count,
        failed_test_count,
        skipped_test_count,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
