{{ config(materialized='table') }}

with

live_attempts as (

    select * from {{ ref('int_delivery__live_attempts') }}

),

gates as (

    select * from {{ ref('int_delivery__gates') }}

),

cut as (

    select
        live_attempts.change_key,
        live_attempts.connection,
        live_attempts.deployment,
        greatest(gates.opened_at, live_attempts.live_from) as open_from,
        least(gates.decided_at, live_attempts.live_until) as open_until
    from live_attempts
    inner join gates
        on
            live_attempts.connection = gates.connection
            and live_attempts.deployment = gates.deployment

)

select *
from cut
where coalesce(open_from < open_until, true)
