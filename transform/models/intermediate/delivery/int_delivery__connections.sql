with

connections as (

    select * from {{ ref('stg_flowgauge__connections') }}

)

select
    {{ surrogate_key('connection', 'connection') }} as connection_key,
    connection,
    connector,
    base_url,
    loaded_through_at,
    history_start_at,
    last_attempt_at,
    last_outcome,
    last_error
from connections
