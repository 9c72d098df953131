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
    case when {{ relation }}.scope = 'service' then {{ relation }}.scope_key end as service_key,
    case when {{ relation }}.scope = 'repository' then {{ relation }}.scope_key end as repository_key
{%- endmacro %}


{#- Joins the reporting day that an instant lies in, under an alias; its `week_start` is the ISO week's Monday. -#}
{% macro join_reporting_day(instant, alias) -%}
inner join {{ ref('int_flow__day_lookup') }} as {{ alias }}
    on
        cast({{ instant }} as date) = {{ alias }}.utc_date
        and {{ instant }} >= {{ alias }}.starts_at
        and {{ instant }} < {{ alias }}.ends_at
{%- endmacro %}


{#-
Each row of a relation once for each scope that it belongs to: the organisation, and its team, service and
repository where they are known. `scopes` maps scope → column of the key.
-#}
{% macro scoped(relation, scopes) -%}
    select
        *,
        'organisation' as scope,
        {{ unknown_key() }} as scope_key
    from {{ relation }}
    {%- for scope, key in scopes.items() %}
    union all
    select
        *,
        '{{ scope }}' as scope,
        {{ key }} as scope_key
    from {{ relation }}
    where {{ key }} != {{ unknown_key() }}
    {%- endfor %}
{%- endmacro %}


{#- A share, null where it would be of fewer than five. -#}
{% macro share(part, whole) -%}
    case when {{ whole }} >= 5 then cast({{ part }} as double) / {{ whole }} end
{%- endmacro %}

{#- Ends of the share's 95 % interval (Wilson's score). -#}
{% macro share_low(part, whole) -%}
    {{ wilson(part, whole, '-') }}
{%- endmacro %}

{% macro share_high(part, whole) -%}
    {{ wilson(part, whole, '+') }}
{%- endmacro %}

{% macro wilson(part, whole, sign) -%}
    {%- set z2 = 3.841459 -%}
    {%- set p = '(cast(' ~ part ~ ' as double) / ' ~ whole ~ ')' -%}
    case when {{ whole }} >= 5 then
        ({{ p }} + {{ z2 / 2 }} / {{ whole }} {{ sign }} {{ z2 ** 0.5 }} * sqrt(
            {{ p }} * (1 - {{ p }}) / {{ whole }} + {{ z2 / 4 }} / ({{ whole }} * cast({{ whole }} as double))
        )) / (1 + {{ z2 }} / {{ whole }})
    end
{%- endmacro %}

{% macro share_null_reason(whole) -%}
    case when {{ whole }} < 5 then 'not_enough_data' end
{%- endmacro %}
