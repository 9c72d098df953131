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
        {%- for days in [7, 28] %}
            coalesce(sum(case when duration_seconds >= {{ days * 86400 }} then leaving end), 0)
                as day_{{ days }}_followed,
            {%- for column in ['incidence', 'incidence_low', 'incidence_high'] %}
                coalesce(
                    max_by(
                        {{ column }},
                        case when duration_seconds <= {{ days * 86400 }} then duration_seconds end
                    ),
                    0
                ) as day_{{ days }}_{{ column }},
            {%- endfor %}
        {%- endfor %}
        max(incidence) >= 1 - 1e-9 as is_used_by_all
    from incidence
    group by subject

)

select
    feature_key,
    {%- for days in [7, 28] %}
        {%- for end, column in [('', 'incidence'), ('_low', 'incidence_low')] %}
            case when day_{{ days }}_followed > 0 or is_used_by_all then day_{{ days }}_{{ column }} end
                as used_by_day_{{ days }}_share{{ end }},
        {%- endfor %}
        case
            when day_{{ days }}_incidence = 0 and day_{{ days }}_followed > 0
                then {{ z2 }} / (day_{{ days }}_followed + {{ z2 }})
            when day_{{ days }}_followed > 0 or is_used_by_all then day_{{ days }}_incidence_high
        end as used_by_day_{{ days }}_share_high,
    {%- endfor %}
    lag_p50_seconds,
    lag_p50_low_seconds,
    lag_p50_high_seconds
from lags
