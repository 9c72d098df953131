{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'branch_rules') }}

),

renamed as (

    select
        connection,
        id as branch_rule_id,
        repository_id,
        branch,
        {{ to_utc('first_seen_at') }} as first_seen_at,
        required_approving_review_count,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
