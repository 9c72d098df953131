{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'pull_request_commits') }}

),

renamed as (

    select
        connection,
        pull_request_id,
        repository_id,
        sha,
        position,
        {{ to_utc('authored_at') }} as authored_at,
        {{ to_utc('committed_at') }} as committed_at,
        author_id,
        author_email_hash,
        assistant_markers,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
