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


{#- Each week and scope that any of the relations has. -#}
{% macro weeks_and_scopes(relations) -%}
    {%- for relation in relations %}
    select
        week_start,
        scope,
        scope_key
    from {{ relation }}
    {{ "union distinct" if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#-
Each week from a scope's first in the relation on, as `weeks` has them, up to the last look at its connections: one
in which nothing was is a figure, one in which nobody looked is none.
-#}
{% macro every_week(relation) -%}
    select
        weeks.*,
        firsts.scope,
        firsts.scope_key
    from (
        select
            scope,
            scope_key,
            min(week_start) as first_week,
            max(observed_until_at) as observed_until_at
        from {{ relation }}
        group by scope, scope_key
    ) as firsts
    inner join weeks
        on
            firsts.first_week <= weeks.week_start
            and firsts.observed_until_at > weeks.starts_at
{%- endmacro %}


{#- Joins what a relation says of a week and scope, where it says anything. -#}
{% macro left_join_week_and_scope(relation, rows) -%}
left join {{ relation }}
    on
        {{ rows }}.week_start = {{ relation }}.week_start
        and {{ rows }}.scope = {{ relation }}.scope
        and {{ rows }}.scope_key = {{ relation }}.scope_key
{%- endmacro %}


{#- A share, null where it would be of fewer than five. -#}
{% macro share(part, whole) -%}
    case when {{ whole }} >= 5 then cast({{ part }} as double) / {{ whole }} end
{%- endmacro %}

{#- Ends of the share's 95 % interval (Wilson's score); where none or all count, rounding must not move its end. -#}
{% macro share_low(part, whole) -%}
    case
        when {{ whole }} >= 5 and {{ part }} = 0 then cast(0 as double)
        when {{ whole }} >= 5 then {{ wilson(part, whole, '-') }}
    end
{%- endmacro %}

{% macro share_high(part, whole) -%}
    case
        when {{ whole }} >= 5 and {{ part }} = {{ whole }} then cast(1 as double)
        when {{ whole }} >= 5 then {{ wilson(part, whole, '+') }}
    end
{%- endmacro %}

{% macro wilson(part, whole, sign) -%}
    {%- set z2 = 3.841459 -%}
    {%- set p = '(cast(' ~ part ~ ' as double) / ' ~ whole ~ ')' -%}
    ({{ p }} + {{ z2 / 2 }} / {{ whole }} {{ sign }} {{ z2 ** 0.5 }} * sqrt(
        {{ p }} * (1 - {{ p }}) / {{ whole }} + {{ z2 / 4 }} / ({{ whole }} * cast({{ whole }} as double))
    )) / (1 + {{ z2 }} / {{ whole }})
{%- endmacro %}

{% macro share_null_reason(whole, if_none='not_enough_data') -%}
    case when {{ whole }} = 0 then '{{ if_none }}' when {{ whole }} < 5 then 'not_enough_data' end
{%- endmacro %}


{#-
Columns of an estimate that stands beside other figures, named after it; where no item was seen there is not
enough data. The relation is the join's alias, and the prefix.
-#}
{% macro named_estimate(relation, percents=[50, 75, 90]) -%}
    coalesce({{ relation }}.item_count, 0) as {{ relation }}_count,
    coalesce({{ relation }}.censored_count, 0) as {{ relation }}_censored_count,
    {%- for percent in percents %}
        {%- for column in ['_seconds', '_low_seconds', '_high_seconds'] %}
    {{ relation }}.p{{ percent }}{{ column }} as {{ relation }}_p{{ percent }}{{ column }},
        {%- endfor %}
    case
        when {{ relation }}.item_count is null then 'not_enough_data'
        else {{ relation }}.p{{ percent }}_seconds_null_reason
    end as {{ relation }}_p{{ percent }}_seconds_null_reason
        {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#- Whether that estimate is final; where no item was seen, once the week is over. -#}
{% macro named_estimate_is_final(relation, is_over) -%}
    coalesce({{ relation }}.is_final, {{ is_over }}) as {{ relation }}_is_final
{%- endmacro %}


{#- Joins the arrivals' estimate of one subject to rows of week and scope. -#}
{% macro join_estimate(alias, subject, relation) -%}
left join estimates as {{ alias }}
    on
        {{ relation }}.week_start = {{ alias }}.week_start
        and {{ relation }}.scope = {{ alias }}.scope
        and {{ relation }}.scope_key = {{ alias }}.scope_key
        and {{ alias }}.subject = '{{ subject }}'
{%- endmacro %}


{#- A share with the ends of its interval and the reason where it is hidden, or where there is nothing to share. -#}
{% macro share_columns(name, part, whole, if_none='not_enough_data') -%}
    {{ share(part, whole) }} as {{ name }},
    {{ share_low(part, whole) }} as {{ name }}_low,
    {{ share_high(part, whole) }} as {{ name }}_high,
    {{ share_null_reason(whole, if_none) }} as {{ name }}_null_reason
{%- endmacro %}


{#-
An end of the 95 % interval of satisfied less dissatisfied per hundred answers: Wald's with three quarters of an
answer more of each and one and a half of neither, which has a width where all answer alike.
-#}
{% macro net_score_end(satisfied, dissatisfied, whole, sign) -%}
    {%- set n = '(' ~ whole ~ ' + 3.0)' -%}
    {%- set both = '((' ~ satisfied ~ ' + ' ~ dissatisfied ~ ' + 1.5) / ' ~ n ~ ')' -%}
    {%- set net = '((' ~ satisfied ~ ' - ' ~ dissatisfied ~ ') / ' ~ n ~ ')' -%}
    case
        when {{ whole }} >= 5
            then 100 * greatest(
                cast(-1 as double),
                least(cast(1 as double), {{ net }} {{ sign }} 1.959964 * sqrt(({{ both }} - {{ net }} * {{ net }}) / {{ n }}))
            )
    end
{%- endmacro %}


{#- Whether a row of `fct_releases` was published for everybody; sources without prereleases say null. -#}
{% macro is_general_release() -%}
    published_at is not null
    and not coalesce(is_draft, false)
    and not coalesce(is_prerelease, false)
    and not coalesce(is_bare_tag, false)
{%- endmacro %}


{#- What vendors count of the use of an assistant, as `fct_assistant_usage_daily` has it. -#}
{% macro assistant_counts() -%}
    {{ return([
        'session_count', 'prompt_count', 'suggested_count', 'accepted_count', 'added_line_count', 'removed_line_count',
        'commit_count', 'change_count',
    ]) }}
{%- endmacro %}
