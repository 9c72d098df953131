with

customers as (

    select * from {{ ref('int_features__customers') }}

)

select
    customer_account_key,
    'customer-' || left(customer_account_key, 12) as pseudonym,
    segment,
    is_internal,
    created_at
from customers
union all
select
    {{ unknown_key() }} as customer_account_key,
    'unknown' as pseudonym,
    cast(null as string) as segment,
    false as is_internal,
    cast(null as timestamp) as created_at
