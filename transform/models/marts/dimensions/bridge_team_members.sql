with

memberships as (

    select * from {{ ref('int_people__team_memberships') }}

)

select
    team_key,
    person_key,
    valid_from,
    valid_to
from memberships
