{#-
The one place that knows which connectors are enabled: `var('connectors')` maps each enabled connector to the
canonical entities that it provides. A new connector changes nothing here.
-#}

{% macro is_connector_enabled(connector) -%}
    {{ return(connector in var('connectors', {})) }}
{%- endmacro %}


{#- Whether a connection of the connector provides the entity, where that depends on the settings. -#}
{% macro is_entity_provided(connector, entity) -%}
    {{ return(entity in var('connectors', {}).get(connector, [])) }}
{%- endmacro %}


{#- Enabled connectors that provide the entity, in alphabetical order. -#}
{% macro providers_of(entity) -%}
    {%- set providers = [] -%}
    {%- for connector, entities in var('connectors', {}) | dictsort if entity in entities -%}
        {%- do providers.append(connector) -%}
    {%- endfor -%}
    {{ return(providers) }}
{%- endmacro %}


{#-
All rows of `int_<connector>__<entity>` of the connectors that provide it, in the columns of the calling
model's contract; an empty relation of the contract's types where nobody does. `provided_by_all` is for what
the connector kit itself delivers for each connector.
-#}
{% macro union_connectors(entity, provided_by_all=false) -%}
    {%- set columns = model.columns.values() | list -%}
    {%- set providers = (var('connectors', {}) | list | sort) if provided_by_all else providers_of(entity) -%}
    {%- for connector in providers %}
select
        {%- for column in columns %}
    {{ column.name }}{{ "," if not loop.last }}
        {%- endfor %}
from {{ ref('int_' ~ connector ~ '__' ~ entity) }}
{{ "union all" if not loop.last }}
    {%- else %}
select
        {%- for column in columns %}
    cast(null as {{ column.data_type }}) as {{ column.name }}{{ "," if not loop.last }}
        {%- endfor %}
where 1 = 0
    {%- endfor %}
{%- endmacro %}
