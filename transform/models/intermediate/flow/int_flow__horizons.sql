with

repositories as (

    select * from {{ ref('repositories') }}

),

declared_connections as (

    select * from {{ ref('stg_flowgauge__connections') }}

),

as_of as (

    select * from {{ ref('int_flow__as_of') }}

),

connections as (

    select connection from repositories
    union distinct
    select connection from declared_connections

),

horizons as (

    select
        connections.connection,
        least(as_of.as_of, declared_connections.loaded_through_at) as events_until_at,
        case
            when declared_connections.last_outcome = 'failed'
                then least(as_of.as_of, declared_connections.loaded_through_at)
            else
                least(
                    as_of.as_of,
                    greatest(declared_connections.loaded_through_at, declared_connections.last_attempt_at)
                )
        end as observed_until_at
    from connections
    cross join as_of
    left join declared_connections
        on connections.connection = declared_connections.connection

)

select * from horizons
