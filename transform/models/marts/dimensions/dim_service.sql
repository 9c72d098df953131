with

services as (

    select * from {{ ref('int_delivery__services') }}

),

named as (

    select
        service_key,
        service as name,
        bool_and(is_implicit) as is_implicit,
        case when count(*) = count(valid_from) then min(valid_from) end as valid_from,
        case when count(*) = count(valid_to) then max(valid_to) end as valid_to
    from services
    group by service_key, service

)

select
    service_key,
    name,
    is_implicit,
    valid_from,
    valid_to
from named
union all
select
    {{ unknown_key() }} as service_key,
    'unknown' as name,
    false as is_implicit,
    cast(null as date) as valid_from,
    cast(null as date) as valid_to
