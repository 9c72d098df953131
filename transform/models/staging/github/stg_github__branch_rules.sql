{{ config(enabled=is_connector_enabled('github')) }}

with

source as (

    select * from {{ source('github', 'branch_rules') }}

),

renamed as (

    select
        connection,
        id as branch_rule_id,
        repository_id,
        branch,
        {{ to_utc('first_seen_at') }} as first_seen_at,
        required_approving_review_count,
        {{ json_string_list('required_check_names') }} as required_check_names,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
