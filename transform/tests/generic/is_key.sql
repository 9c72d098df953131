{#-
Fails for each combination that repeats or has a null part: one query for what `unique` and `not_null` say.
`nullable` names parts for which null is a value of its own.
-#}
{% test is_key(model, columns, nullable=[]) %}

select
    {{ columns | join(', ') }},
    count(*) as row_count
from {{ model }}
group by {{ columns | join(', ') }}
having
    count(*) > 1
    {%- for column in columns if column not in nullable %}
    or {{ column }} is null
    {%- endfor %}

{% endtest %}
