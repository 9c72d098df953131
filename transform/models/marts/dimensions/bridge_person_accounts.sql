with

accounts as (

    select * from {{ ref('int_people__accounts') }}

)

select
    account_key,
    person_key,
    connection,
    method
from accounts
