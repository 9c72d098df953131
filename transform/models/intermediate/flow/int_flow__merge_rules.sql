{{ config(materialized='table') }}

with

rule_eras as (

    select * from {{ ref('int_flow__rule_eras') }}

),

declared_rules as (

    select * from {{ ref('int_flow__declared_rules') }}

),

approval_habits as (

    select * from {{ ref('int_flow__approval_habits') }}

),

merge_rules as (

    select
        rule_eras.change_key,
        rule_eras.event_id,
        rule_eras.started_at,
        rule_eras.ended_at,
        coalesce(
            rule_eras.required_approving_review_count,
            declared_rules.required_approving_review_count,
            case when approval_habits.is_approval_usual then 1 end
        ) as required_approving_review_count,
        case
            when rule_eras.required_approving_review_count is not null then 'rule'
            when declared_rules.required_approving_review_count is not null then 'settings'
            when approval_habits.is_approval_usual then 'inferred'
            else 'assumed'
        end as approvals_source,
        coalesce(
            rule_eras.required_check_names, declared_rules.required_check_names
        ) as required_check_names,
        rule_eras.is_backcast
        and rule_eras.required_approving_review_count is not null as is_approvals_backcast,
        rule_eras.is_backcast
        and rule_eras.required_check_names is not null as is_checks_backcast
    from rule_eras
    inner join approval_habits
        on rule_eras.change_key = approval_habits.change_key
    left join declared_rules
        on rule_eras.change_key = declared_rules.change_key

)

select * from merge_rules
