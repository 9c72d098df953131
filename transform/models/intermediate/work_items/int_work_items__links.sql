with

work_item_changes as (

    select * from {{ ref('work_item_changes') }}

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

found as (

    select
        work_item_changes.connection,
        work_item_changes.change,
        work_item_changes.method,
        coalesce(named_by_id.work_item_key, keyed.work_item_key) as work_item_key
    from work_item_changes
    left join items as named_by_id
        on
            work_item_changes.connection = named_by_id.connection
            and work_item_changes.work_item = named_by_id.work_item
    left join keyed
        on upper(work_item_changes.work_item) = keyed.key

),

ranked as (

    select
        changes.change_key,
        found.work_item_key,
        found.method,
        methods.method_rank,
        methods.confidence
    from found
    inner join changes
        on
            found.connection = changes.connection
            and found.change = changes.change
    inner join methods
        on found.method = methods.method
    where found.work_item_key is not null
    qualify row_number() over (
        partition by changes.change_key, found.work_item_key order by methods.method_rank
    ) = 1

)

select
    change_key,
    work_item_key,
    method,
    confidence,
    row_number() over (partition by change_key order by method_rank, work_item_key) = 1 as is_main
from ranked
