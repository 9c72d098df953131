with

items as (

    select * from {{ ref('int_work_items__items') }}

)

select
    work_item_key,
    connection,
    key as name,
    type,
    project_key as project,
    {{ known_key('parent_work_item_key') }} as parent_work_item_key
from items
union all
select
    {{ unknown_key() }} as work_item_key,
    'unknown' as connection,
    'unknown' as name,
    'unknown' as type,
    'unknown' as project,
    {{ unknown_key() }} as parent_work_item_key
