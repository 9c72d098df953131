{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'pull_request_files') }}

),

renamed as (

    select
        connection,
        pull_request_id,
        repository_id,
        path,
        additions,
        deletions,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
