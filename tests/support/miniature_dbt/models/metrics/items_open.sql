{{ config(tags=['clock']) }}
select clock.as_of, count(items.id) as open_count
from {{ ref('stg_flowgauge__as_of') }} as clock
left join {{ ref('fct_items') }} as items on items.state = 'open'
group by all
