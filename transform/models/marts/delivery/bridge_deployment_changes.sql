with

deployment_changes as (

    select * from {{ ref('int_delivery__deployment_changes') }}

)

select
    deployment_key,
    change_key,
    method,
    confidence
from deployment_changes
where is_delivered
