with

changes as (

    select * from {{ ref('changes') }}

),

connections as (

    select * from {{ ref('stg_flowgauge__connections') }}

),

as_of as (

    select * from {{ ref('int_flow__as_of') }}

),

loading as (

    select distinct connection from changes

),

horizons as (

    select
        loading.connection,
        least(as_of.as_of, connections.loaded_through_at) as events_until_at,
        case
            when connections.last_outcome = 'failed' then least(as_of.as_of, connections.loaded_through_at)
            else least(as_of.as_of, greatest(connections.loaded_through_at, connections.last_attempt_at))
        end as observed_until_at
    from loading
    cross join as_of
    left join connections
        on loading.connection = connections.connection

)

select * from horizons
