{#- Fails for each non-null id without a row of the same connection in the other relation. -#}
{% test refers_to(model, column, to, field='source_id') %}

select
    child.connection,
    child.{{ column }}
from {{ model }} as child
left join {{ to }} as parent
    on
        child.connection = parent.connection
        and child.{{ column }} = parent.{{ field }}
where
    child.{{ column }} is not null
    and parent.{{ field }} is null

{% endtest %}
