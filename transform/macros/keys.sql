{#-
Keys of the star schema: md5 (hex) over a type and immutable ids, escaped and joined by `|`.
Null when any part is null, so that a left join's miss stays visible until `known_key` replaces it.
-#}

{#- `surrogate_key('change', 'connection', 'source_id')`: the parts are SQL expressions of type string. -#}
{% macro surrogate_key(type) -%}
    md5('{{ type }}'{% for part in varargs %} || '|' || {{ escape_key_part(part) }}{% endfor %})
{%- endmacro %}


{% macro escape_key_part(expression) -%}
    {{ return(adapter.dispatch('escape_key_part')(expression)) }}
{%- endmacro %}

{% macro default__escape_key_part(expression) -%}
    replace(replace({{ expression }}, '\', '\\'), '|', '\|')
{%- endmacro %}

{% macro spark__escape_key_part(expression) -%}
    replace(replace({{ expression }}, r'\', r'\\'), '|', r'\|')
{%- endmacro %}


{#- Key of the "unknown" row that each dimension holds. -#}
{% macro unknown_key() -%}
    md5('unknown')
{%- endmacro %}


{#- The key, or that of the "unknown" row where it is null. -#}
{% macro known_key(expression) -%}
    coalesce({{ expression }}, {{ unknown_key() }})
{%- endmacro %}


{#- A login without case and without the `[bot]` that some interfaces of a vendor append and others do not. -#}
{% macro plain_login(login) -%}
    replace(lower({{ login }}), '[bot]', '')
{%- endmacro %}
