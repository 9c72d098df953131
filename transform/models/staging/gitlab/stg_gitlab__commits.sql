{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'commits') }}

),

renamed as (

    select
        connection,
        repository_id,
        sha,
        {{ to_utc('authored_at') }} as authored_at,
        {{ to_utc('committed_at') }} as committed_at,
        author_email_hash,
        author_id,
        is_on_default_branch,
        assistant_markers,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
