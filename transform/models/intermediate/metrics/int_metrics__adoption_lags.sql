{{ config(tags=['clock']) }}

{#-
Shares by a day have the interval of the estimate; where nobody has used it by then, the upper end is Wilson's for
none of those who were followed for so long.
-#}
{%- set z2 = 3.841459 %}

with

incidence as (

    select * from {{ ref('int_metrics__incidence') }}
    where kind = 'adoption' and cohort = 'history'

),

lags as (

    select
        subject as feature_key,
        min(case when incidence >= 0.5 - 1e-9 then duration_seconds end) as lag_p50_seconds,
        min(case when incidence_high >= 0.5 - 1e-9 then duration_seconds end) as lag_p50_low_seconds,
        min(case when incidence_low >= 0.5 - 1e-9 then duration_seconds end) as lag_p50_high_seconds,
        max(incidence) >= 1 - 1e-9 as is_used_by_all,
        {%- for days in [7, 28] %}
            {%- set day = days * 86400 %}
            {%- for end, curve in [('', 'incidence'), ('_low', 'incidence_low'), ('_high', 'incidence_high')] %}
                coalesce(max_by({{ curve }}, case when duration_seconds <= {{ day }} then duration_seconds end), 0)
                    as day_{{ days }}_share{{ end }},
            {%- endfor %}
            coalesce(sum(case when duration_seconds >= {{ day }} then leaving end), 0) as day_{{ days }}_followed
            {{- ',' if not loop.last }}
        {%- endfor %}
    from incidence
    group by subject

)

select
    feature_key,
    lag_p50_seconds,
    lag_p50_low_seconds,
    lag_p50_high_seconds,
    {%- for days in [7, 28] %}
        {%- set is_known = 'day_' ~ days ~ '_followed > 0 or is_used_by_all' %}
        case when {{ is_known }} then day_{{ days }}_share end as used_by_day_{{ days }}_share,
        case when {{ is_known }} then day_{{ days }}_share_low end as used_by_day_{{ days }}_share_low,
        case
            when day_{{ days }}_share = 0 and day_{{ days }}_followed > 0
                then {{ z2 }} / (day_{{ days }}_followed + {{ z2 }})
            when {{ is_known }} then day_{{ days }}_share_high
        end as used_by_day_{{ days }}_share_high
        {{- ',' if not loop.last }}
    {%- endfor %}
from lags
