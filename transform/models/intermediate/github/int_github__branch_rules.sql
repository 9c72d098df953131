{{ config(enabled=is_connector_enabled('github')) }}

with

branch_rules as (

    select * from {{ ref('stg_github__branch_rules') }}

),

final as (

    select
        connection,
        'github' as connector,
        branch_rule_id as source_id,
        repository_id as repository,
        branch,
        first_seen_at,
        required_approving_review_count,
        required_check_names,
        extracted_at
    from branch_rules

)

select * from final
