{#- Schemas are public names (staging, canonical, marts, …), so a custom schema is used as it stands. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
