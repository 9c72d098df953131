with

work_items as (

    select * from {{ ref('work_items') }}

),

all_keys as (

    select
        connection,
        source_id as work_item,
        key as name
    from work_items
    union all
    select
        work_items.connection,
        work_items.source_id as work_item,
        former_key.former_key as name
    from work_items {{ cross_unnest(split_list('work_items.former_keys'), 'former_key') }}

),

names as (

    select distinct
        connection,
        work_item,
        lower(name) as name
    from all_keys
    where {{ matches('lower(name)', '^[a-z][a-z0-9]+-[0-9]+$') }}

)

select * from names
qualify count(*) over (partition by name) = 1
