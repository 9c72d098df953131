with

ambiguities as (

    select * from {{ ref('int_people__ambiguities') }}

)

select
    account_key,
    person_key,
    connection,
    reason,
    ambiguity_key
from ambiguities
