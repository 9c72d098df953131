{%- set stages = [
    'build',
    'review_wait',
    'review',
    'rework',
    'ci',
    'merge_wait',
    'release_wait',
    'approval_wait',
    'deploy',
    'exposure_wait',
    'adoption',
] %}

with

links as (

    select * from {{ ref('int_work_items__links') }}

),

visits as (

    select * from {{ ref('int_flow__visits') }}

),

steps as (

    select
        links.work_item_key,
        visits.entered_at as occurred_at,
        visits.stage,
        1 as delta
    from links
    inner join visits
        on links.change_key = visits.change_key
    union all
    select
        links.work_item_key,
        visits.exited_at as occurred_at,
        visits.stage,
        -1 as delta
    from links
    inner join visits
        on links.change_key = visits.change_key
    where visits.exited_at is not null

),

by_second as (

    select
        work_item_key,
        occurred_at,
    {%- for stage in stages %}
        sum(case stage when '{{ stage }}' then delta end) as {{ stage }}_delta{{ "," if not loop.last }}
    {%- endfor %}
    from steps
    group by work_item_key, occurred_at

),

counted as (

    select
        work_item_key,
        occurred_at,
    {%- for stage in stages %}
        sum({{ stage }}_delta) over (partition by work_item_key order by occurred_at) as {{ stage }}_count
        {{- "," if not loop.last }}
    {%- endfor %}
    from by_second

)

select
    work_item_key,
    occurred_at,
    case
        {%- for stage in stages %}
            when {{ stage }}_count > 0 then '{{ stage }}'
        {%- endfor %}
        else 'none'
    end as change_stage
from counted
