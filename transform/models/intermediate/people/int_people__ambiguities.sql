with

ambiguous_accounts as (

    select * from {{ ref('stg_flowgauge__ambiguous_accounts') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

)

select
    accounts.account_key,
    accounts.person_key,
    ambiguous_accounts.connection,
    ambiguous_accounts.reason,
    ambiguous_accounts.ambiguity_key
from ambiguous_accounts
inner join accounts
    on
        ambiguous_accounts.connection = accounts.connection
        and ambiguous_accounts.account = accounts.account
