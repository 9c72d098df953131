{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'pull_request_timeline') }}

),

renamed as (

    select
        connection,
        id as event_id,
        pull_request_id,
        repository_id,
        type as event_type,
        {{ to_utc('occurred_at') }} as occurred_at,
        actor_id,
        subject_id,
        subject_team,
        lower(review_state) as review_state,
        review_id,
        sha,
        before_sha,
        detail,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
