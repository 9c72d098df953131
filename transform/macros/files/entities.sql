{#-
The models of the files connector: one of each kind for each canonical entity, all alike, so that a file of the
entity is one line. What columns there are, and of which types, is said by the model's properties, which follow
from the canonical contract. Entities that no connection's settings name are neither parsed further nor built.
-#}

{#- `stg_files__<entity>`: the raw table of the entity, in the contract's types. -#}
{% macro stage_files(entity) -%}
    {{ config(enabled=is_entity_provided('files', entity)) }}
select
    {%- for column in model.columns.values() %}
    {%- if column.data_type == 'timestamp' %}
    {{ to_utc(column.name) }} as {{ column.name }}
    {%- elif '[]' in column.data_type or 'array' in column.data_type %}
    {{ json_string_list(column.name) }} as {{ column.name }}
    {%- else %}
    {{ column.name }}
    {%- endif %}{{ "," if not loop.last }}
    {%- endfor %}
from {{ source('files', entity) }}
{%- endmacro %}


{#-
`int_files__<entity>`: one row per id; of the same id in several files the latest by the settings' date column,
else the one in the file whose name comes last.
-#}
{% macro map_files(entity) -%}
    {{ config(enabled=is_entity_provided('files', entity)) }}
select
    {%- for column in model.columns.values() %}
    {{ "'files' as connector" if column.name == 'connector' else column.name }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ ref('stg_files__' ~ entity) }}
qualify
    row_number() over (partition by connection, source_id order by dated_at desc nulls last, file_id desc) = 1
{%- endmacro %}
