with

customers as (

    select * from {{ ref('customer_accounts') }}

),

adoptions as (

    select * from {{ ref('int_features__adoptions') }}

),

named as (

    select
        source_id as customer_account,
        segment,
        is_internal,
        created_at
    from customers
    union all
    select
        customer_account,
        cast(null as string) as segment,
        cast(null as boolean) as is_internal,
        cast(null as timestamp) as created_at
    from adoptions

)

select
    customer_account,
    {{ surrogate_key('customer_account', 'customer_account') }} as customer_account_key,
    min(segment) as segment,
    coalesce(bool_or(is_internal), false) as is_internal,
    min(created_at) as created_at
from named
group by customer_account
