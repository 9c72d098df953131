with

repositories as (

    select * from {{ ref('repositories') }}

),

connection_horizons as (

    select * from {{ ref('int_flow__connection_horizons') }}

)

select
    {{ surrogate_key('repository', 'repositories.connection', 'repositories.source_id') }}
        as repository_key,
    connection_horizons.observed_until_at,
    connection_horizons.last_day_number
from repositories
inner join connection_horizons
    on repositories.connection = connection_horizons.connection
