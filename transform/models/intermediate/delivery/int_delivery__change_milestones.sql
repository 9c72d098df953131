with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

milestones as (

    select
        change_key,
        'not_applicable' as delivery_state,
        cast(null as {{ dbt.type_string() }}) as deployment_key,
        cast(null as {{ dbt.type_string() }}) as service_key,
        cast(null as timestamp) as deploy_created_at,
        cast(null as timestamp) as deploy_started_at,
        cast(null as timestamp) as deployed_at,
        cast(null as {{ dbt.type_string() }}) as deployment_match_method,
        cast(null as double) as deployment_match_confidence,
        false as is_deployed_before_merge,
        merged_at as flow_ended_at
    from changes
    where merged_at is not null

)

select * from milestones
