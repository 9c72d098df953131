with

causes as (

    select * from {{ ref('int_incidents__causes') }}

)

select
    incident_key,
    deployment_key,
    method,
    confidence
from causes
