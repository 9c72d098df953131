{#-
Business time: the working seconds of a calendar between two instants, as W(end) − W(start), where W counts the
calendar's working seconds before an instant. A model joins `int_flow__team_days` on the owning team and the day
of the start, and `int_flow__working_days` on that row's calendar version and the day of the end; without such
rows the result is null.
-#}

{% macro business_seconds(started_at, ended_at, start_days='start_days', end_days='end_days') -%}
    ({{ working_seconds_before(ended_at, end_days) }} - {{ working_seconds_before(started_at, start_days) }})
{%- endmacro %}


{#-
W of an instant. A working day of a zone anywhere on earth lies within the UTC days next to it, so three working
windows around the instant's UTC day and the sum before them are enough.
-#}
{% macro working_seconds_before(instant, days) -%}
    ({{ days }}.seconds_before
    {%- for window in ['previous', 'same', 'next'] %}
    + coalesce(greatest(0, {{ seconds_between(
        days ~ '.' ~ window ~ '_start_at',
        'least(' ~ instant ~ ', ' ~ days ~ '.' ~ window ~ '_end_at)'
    ) }}), 0)
    {%- endfor %})
{%- endmacro %}


{#- Whether a row with `valid_from` and `valid_to` (both included; null is unbounded) is valid on the instant's day. -#}
{% macro is_valid_at(relation, instant) -%}
    ({{ relation }}.valid_from is null or {{ relation }}.valid_from <= cast({{ instant }} as date))
    and ({{ relation }}.valid_to is null or cast({{ instant }} as date) <= {{ relation }}.valid_to)
{%- endmacro %}
