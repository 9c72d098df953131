with

work_item_changes as (

    select * from {{ ref('work_item_changes') }}

),

work_item_links as (

    select
        connection,
        change,
        count(*) as work_item_count
    from work_item_changes
    group by connection, change

)

select * from work_item_links
