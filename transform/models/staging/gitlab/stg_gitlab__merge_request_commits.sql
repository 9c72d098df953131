{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'merge_request_commits') }}

),

renamed as (

    select
        connection,
        merge_request_id,
        repository_id,
        sha,
        position,
        {{ to_utc('authored_at') }} as authored_at,
        {{ to_utc('committed_at') }} as committed_at,
        author_email_hash,
        assistant_markers,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
