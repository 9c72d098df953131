{{ config(enabled=is_connector_enabled('gitlab')) }}

with

branch_rules as (

    select * from {{ ref('stg_gitlab__branch_rules') }}

),

-- Which jobs must pass is told by the jobs themselves.
final as (

    select
        connection,
        'gitlab' as connector,
        branch_rule_id as source_id,
        repository_id as repository,
        branch,
        first_seen_at,
        required_approving_review_count,
        {{ json_string_list('cast(null as string)') }} as required_check_names,
        extracted_at
    from branch_rules

)

select * from final
