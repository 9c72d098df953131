{#-
Instants are UTC timestamps without zone, in whole seconds; durations are whole seconds (bigint).
Subtraction of timestamps differs between engines, so every duration goes through epoch seconds.
-#}

{#- A vendor's instant as UTC, cut to whole seconds. The session's zone is UTC (profiles.yml). -#}
{% macro to_utc(expression) -%}
    date_trunc('second', cast({{ expression }} as timestamp))
{%- endmacro %}


{% macro epoch_seconds(timestamp) -%}
    {{ return(adapter.dispatch('epoch_seconds')(timestamp)) }}
{%- endmacro %}

{% macro default__epoch_seconds(timestamp) -%}
    cast(epoch({{ timestamp }}) as bigint)
{%- endmacro %}

{% macro spark__epoch_seconds(timestamp) -%}
    unix_timestamp({{ timestamp }})
{%- endmacro %}


{#- Seconds from the first instant to the second; negative when the second is earlier; null if either is. -#}
{% macro seconds_between(started_at, ended_at) -%}
    ({{ epoch_seconds(ended_at) }} - {{ epoch_seconds(started_at) }})
{%- endmacro %}


{#- The instant that is a number of seconds after another. -#}
{% macro add_seconds(timestamp, seconds) -%}
    {{ return(adapter.dispatch('add_seconds')(timestamp, seconds)) }}
{%- endmacro %}

{% macro default__add_seconds(timestamp, seconds) -%}
    ({{ timestamp }} + to_seconds({{ seconds }}))
{%- endmacro %}

{% macro spark__add_seconds(timestamp, seconds) -%}
    timestampadd(second, {{ seconds }}, {{ timestamp }})
{%- endmacro %}


{#- Later / earlier of two instants, null if either is null on every engine. -#}
{% macro later_of(first, second) -%}
    case when {{ first }} >= {{ second }} then {{ first }} when {{ first }} < {{ second }} then {{ second }} end
{%- endmacro %}

{% macro earlier_of(first, second) -%}
    case when {{ first }} <= {{ second }} then {{ first }} when {{ first }} > {{ second }} then {{ second }} end
{%- endmacro %}
