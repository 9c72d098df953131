{{ config(tags=['clock']) }}
select clock.as_of, count(items.id) as item_count
from {{ ref('stg_flowgauge__as_of') }} as clock
left join {{ ref('fct_items') }} as items on true
group by all
