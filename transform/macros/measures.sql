{#-
A measure is the time between two instants; what is impossible is neither clamped nor counted, it is null and
its reason says so. `rejected_measure` finds the same rows for `fct_rejected_rows`.
-#}

{#- Seconds between two instants; null if either is unknown or the second is earlier. -#}
{% macro possible_seconds(started_at, ended_at) -%}
    case when {{ ended_at }} >= {{ started_at }} then {{ seconds_between(started_at, ended_at) }} end
{%- endmacro %}


{#-
Why `possible_seconds` is null, itself null where it is not: impossible, else the reason for a missing end, else
that for a missing start. The reasons are SQL expressions.
-#}
{% macro seconds_null_reason(started_at, ended_at, no_end, no_start="'not_observed'") -%}
    case
        when {{ ended_at }} >= {{ started_at }} then null
        when {{ ended_at }} < {{ started_at }} then 'impossible'
        when {{ ended_at }} is null then {{ no_end }}
        else {{ no_start }}
    end
{%- endmacro %}
