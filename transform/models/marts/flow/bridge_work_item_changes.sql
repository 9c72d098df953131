with

links as (

    select * from {{ ref('int_work_items__links') }}

)

select
    work_item_key,
    change_key,
    method,
    confidence,
    is_main
from links
