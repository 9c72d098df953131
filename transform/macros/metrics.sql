{#-
What the weekly latency marts have in common: the estimates of one kind of latency, by week, cohort and scope.
-#}

{#- The columns of the estimates, in the order of the contracts. -#}
{% macro estimate_columns(relation='estimates') -%}
    {{ relation }}.item_count,
    {{ relation }}.ended_count,
    {{ relation }}.competing_count,
    {{ relation }}.censored_count,
    {%- for percent in [50, 75, 90] %}
        {%- for column in ['_seconds', '_low_seconds', '_high_seconds', '_seconds_null_reason'] %}
    {{ relation }}.p{{ percent }}{{ column }},
        {%- endfor %}
    {%- endfor %}
    {{ relation }}.is_final
{%- endmacro %}


{#- The scope's team and service, null where the scope is another. -#}
{% macro scope_columns(relation='estimates') -%}
    {{ relation }}.week_start,
    {{ relation }}.scope,
    case when {{ relation }}.scope = 'team' then {{ relation }}.scope_key end as team_key,
    case when {{ relation }}.scope = 'service' then {{ relation }}.scope_key end as service_key
{%- endmacro %}
