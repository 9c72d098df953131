{#- Told of is a week since the first use that any vendor tells, up to the last load of who tells it. -#}

with

usage as (

    select * from {{ ref('fct_assistant_usage_daily') }}

),

days as (

    select * from {{ ref('dim_date') }}

),

persons as (

    select * from {{ ref('dim_person') }}

),

connections as (

    select * from {{ ref('dim_connection') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

used as (

    select
        days.week_start,
        usage.assistant_key,
        count(distinct case when persons.is_human then usage.person_key end) as person_count,
        bool_or(usage.person_key = {{ unknown_key() }}) as is_partly_nameless,
        max(connections.loaded_through_at) as loaded_through_at,
        {%- for column in assistant_counts() %}
            cast(sum(usage.{{ column }}) as bigint) as {{ column }},
        {%- endfor %}
        sum(usage.cost_usd) as cost_usd
    from usage
    inner join days
        on usage.date_key = days.date_key
    inner join persons
        on usage.person_key = persons.person_key
    left join connections
        on usage.connection = connections.connection
    group by days.week_start, usage.assistant_key

),

told as (

    select
        assistant_key,
        min(week_start) as first_week,
        max(loaded_through_at) as loaded_through_at
    from used
    group by assistant_key

)

select
    weeks.week_start,
    told.assistant_key,
    used.assistant_key is not null as is_used,
    case
        when used.person_count > 0 or not coalesce(used.is_partly_nameless, false)
            then coalesce(used.person_count, 0)
    end as person_count,
    {%- for column in assistant_counts() %}
        used.{{ column }},
    {%- endfor %}
    used.cost_usd
from told
inner join weeks
    on told.first_week <= weeks.week_start
left join used
    on
        told.assistant_key = used.assistant_key
        and weeks.week_start = used.week_start
where used.assistant_key is not null or weeks.starts_at < told.loaded_through_at
