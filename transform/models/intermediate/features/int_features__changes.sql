with

features as (

    select * from {{ ref('int_features__features') }}

),

feature_tickets as (

    select * from {{ ref('stg_flowgauge__feature_tickets') }}

),

feature_items as (

    select * from {{ ref('feature_items') }}

),

items as (

    select * from {{ ref('int_work_items__items') }}

),

links as (

    select * from {{ ref('int_work_items__links') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

names as (

    select
        feature_key,
        feature as name
    from features
    union distinct
    select
        feature_key,
        flag as name
    from features
    where flag is not null

),

tickets as (

    select
        feature,
        ticket,
        'declared' as method
    from feature_tickets
    union all
    select
        feature,
        work_item as ticket,
        method
    from feature_items
    where work_item is not null

),

identified as (

    select
        work_item_key,
        upper(key) as ticket
    from items
    union distinct
    select
        work_item_key,
        upper(work_item) as ticket
    from items

),

found as (

    select
        names.feature_key,
        links.change_key,
        tickets.method
    from tickets
    inner join names
        on tickets.feature = names.name
    inner join identified
        on upper(tickets.ticket) = identified.ticket
    inner join links
        on identified.work_item_key = links.work_item_key
    union all
    select
        names.feature_key,
        changes.change_key,
        feature_items.method
    from feature_items
    inner join names
        on feature_items.feature = names.name
    inner join changes
        on
            feature_items.connection = changes.connection
            and feature_items.change = changes.change

),

ranked as (

    select
        feature_key,
        change_key,
        min(
            case method when 'declared' then 1 when 'api' then 2 when 'parent' then 3 else 4 end
        ) as method_rank
    from found
    group by feature_key, change_key

)

select
    feature_key,
    change_key,
    case method_rank when 1 then 'declared' when 2 then 'api' when 3 then 'parent' else 'label' end as method,
    row_number() over (partition by change_key order by method_rank, feature_key) = 1 as is_main
from ranked
