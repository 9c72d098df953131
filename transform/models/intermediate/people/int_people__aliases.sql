with

aliases as (

    select * from {{ ref('stg_flowgauge__person_aliases') }}

)

select
    alias_person_key,
    person_key
from aliases
