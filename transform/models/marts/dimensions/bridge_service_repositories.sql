with

services as (

    select * from {{ ref('int_delivery__services') }}

)

select distinct
    service_key,
    {{ surrogate_key('repository', 'connection', 'repository') }} as repository_key,
    path_prefix,
    {{ known_key(surrogate_key('team', 'team')) }} as team_key,
    valid_from,
    valid_to
from services
