{{ config(enabled=is_connector_enabled('jira')) }}

with

issues as (

    select * from {{ ref('int_jira__live_issues') }}

),

first_moves as (

    select *
    from {{ ref('stg_jira__issue_changes') }}
    where field = 'status'
    qualify
        row_number() over (
            partition by connection, issue_id order by occurred_at, cast(change_id as bigint)
        ) = 1

),

statuses as (

    select * from {{ ref('stg_jira__statuses') }}

),

final as (

    select
        issues.connection,
        issues.issue_id || ':created' as event_id,
        issues.issue_id,
        'created' as field,
        cast(null as string) as from_value,
        coalesce(first_moves.from_value, issues.status_id) as to_value,
        cast(null as string) as from_name,
        case
            when first_moves.issue_id is null then issues.status_name
            else first_moves.from_name
        end as to_name,
        case
            when first_moves.issue_id is null then issues.status_category
            else statuses.status_category
        end as to_category,
        issues.created_at as occurred_at,
        issues.creator_id as actor_id,
        issues.extracted_at
    from issues
    left join first_moves
        on
            issues.connection = first_moves.connection
            and issues.issue_id = first_moves.issue_id
    left join statuses
        on
            first_moves.connection = statuses.connection
            and first_moves.from_value = statuses.status_id

)

select * from final
