with recursive

incidents as (

    select * from {{ ref('incidents') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

known as (

    select incidents.*
    from incidents
    inner join horizons
        on
            incidents.connection = horizons.connection
            and incidents.triggered_at <= horizons.events_until_at

),

-- an incident that was merged into another one is that other one; a chain ends at the last
chain as (

    select
        connection,
        source_id as incident,
        source_id as root,
        0 as depth
    from known
    union all
    select
        chain.connection,
        chain.incident,
        known.merged_into as root,
        chain.depth + 1 as depth
    from chain
    inner join known
        on
            chain.connection = known.connection
            and chain.root = known.source_id
    where known.merged_into is not null and chain.depth < 20

)

select
    chain.connection,
    chain.incident,
    chain.root,
    {{ surrogate_key('incident', 'chain.connection', 'chain.root') }} as incident_key
from chain
inner join known
    on
        chain.connection = known.connection
        and chain.root = known.source_id
qualify row_number() over (partition by chain.connection, chain.incident order by chain.depth desc) = 1
