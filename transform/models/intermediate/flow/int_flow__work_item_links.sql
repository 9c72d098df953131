with

change_links as (

    select * from {{ ref('int_tracker__change_links') }}

),

work_item_links as (

    select
        connection,
        change,
        count(*) as work_item_count
    from change_links
    group by connection, change

)

select * from work_item_links
