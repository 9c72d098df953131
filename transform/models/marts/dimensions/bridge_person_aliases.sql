with

aliases as (

    select * from {{ ref('int_people__aliases') }}

)

select
    alias_person_key,
    person_key
from aliases
