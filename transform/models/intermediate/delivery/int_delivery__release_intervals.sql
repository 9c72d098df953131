with

milestones as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

intervals as (

    select
        change_key,
        {{ surrogate_key('stage', "'release_wait'") }} as stage_key,
        flow_ended_at as entered_at,
        flow_ended_at as exited_at,
        cast(null as {{ dbt.type_string() }}) as source_event_id,
        cast(null as {{ dbt.type_string() }}) as evidence
    from milestones
    where delivery_state = 'waiting'

)

select * from intervals
