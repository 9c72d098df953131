with

deployment_services as (

    select * from {{ ref('int_delivery__deployment_services') }}

)

select
    deployment_key,
    service_key,
    is_production
from deployment_services
