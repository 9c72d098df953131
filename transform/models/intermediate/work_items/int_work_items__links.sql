with

change_links as (

    select * from {{ ref('int_tracker__change_links') }}

),

items as (

    select * from {{ ref('int_work_items__items') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

methods as (

    select * from {{ ref('work_item_link_methods') }}

),

-- a key that several trackers use names none of them
keyed as (

    select
        upper(key) as key,
        min(work_item_key) as work_item_key
    from items
    group by upper(key)
    having count(*) = 1

),

ranked as (

    select
        changes.change_key,
        coalesce(named_by_id.work_item_key, keyed.work_item_key) as work_item_key,
        change_links.method,
        change_links.confidence,
        methods.method_rank
    from change_links
    inner join changes
        on
            change_links.connection = changes.connection
            and change_links.change = changes.change
    inner join methods
        on change_links.method = methods.method
    left join items as named_by_id
        on
            change_links.work_item_connection = named_by_id.connection
            and change_links.work_item = named_by_id.work_item
    left join keyed
        on upper(change_links.work_item) = keyed.key

),

best as (

    select * from ranked
    where work_item_key is not null
    qualify row_number() over (partition by change_key, work_item_key order by method_rank) = 1

)

select
    change_key,
    work_item_key,
    method,
    confidence,
    row_number() over (partition by change_key order by method_rank, work_item_key) = 1 as is_main
from best
