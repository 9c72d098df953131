{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'pushes') }}

),

renamed as (

    select
        connection,
        id as push_id,
        repository_id,
        branch,
        nullif(before_sha, '0000000000000000000000000000000000000000') as before_sha,
        nullif(after_sha, '0000000000000000000000000000000000000000') as after_sha,
        {{ to_utc('occurred_at') }} as occurred_at,
        actor_id,
        activity_type,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
