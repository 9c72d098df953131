with

connections as (

    select * from {{ ref('int_delivery__connections') }}

)

select
    connection_key,
    connection,
    connector,
    base_url,
    loaded_through_at,
    history_start_at,
    last_attempt_at,
    last_outcome,
    last_error
from connections
union all
select
    {{ unknown_key() }} as connection_key,
    'unknown' as connection,
    'unknown' as connector,
    cast(null as string) as base_url,
    cast(null as timestamp) as loaded_through_at,
    cast(null as timestamp) as history_start_at,
    cast(null as timestamp) as last_attempt_at,
    cast(null as string) as last_outcome,
    cast(null as string) as last_error
