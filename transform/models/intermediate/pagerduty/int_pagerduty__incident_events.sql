{{ config(enabled=is_connector_enabled('pagerduty')) }}

with

incidents as (

    select * from {{ ref('stg_pagerduty__incidents') }}

),

log_entries as (

    select * from {{ ref('int_pagerduty__log_entries') }}

),

untold_triggers as (

    select incidents.*
    from incidents
    left join log_entries
        on
            incidents.connection = log_entries.connection
            and incidents.incident_id = log_entries.incident_id
            and log_entries.event_type = 'triggered'
    where log_entries.log_entry_id is null and incidents.gone_at is null

),

final as (

    select
        connection,
        'pagerduty' as connector,
        log_entry_id as source_id,
        incident_id as incident,
        event_type as type,
        occurred_at,
        user_id as actor_account,
        assigned_user_id as subject_account,
        assigned_policy_id as subject_team,
        'exact' as exactness,
        extracted_at
    from log_entries
    union all
    select
        connection,
        'pagerduty' as connector,
        incident_id || ':triggered' as source_id,
        incident_id as incident,
        'triggered' as type,
        created_at as occurred_at,
        cast(null as string) as actor_account,
        cast(null as string) as subject_account,
        cast(null as string) as subject_team,
        'exact' as exactness,
        extracted_at
    from untold_triggers

)

select * from final
