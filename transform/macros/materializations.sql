{#-
Views and tables are replaced where they stand, in one transaction: DuckDB's definitions are transactional, so
readers see the old relation or the new one, and what fails leaves the old one. dbt-duckdb makes each beside the
old one, renames both and looks for foreign keys and indexes, which costs as much again and which we do not have.
-#}
{% materialization view, adapter='duckdb' %}
    {{ return(made_in_place(this.incorporate(type='view'), get_create_view_as_sql(this, sql))) }}
{% endmaterialization %}

{% materialization table, adapter='duckdb' %}
    {{ return(made_in_place(this.incorporate(type='table'), get_create_table_as_sql(false, this, sql))) }}
{% endmaterialization %}

{% macro made_in_place(relation, create_statement) %}
    {%- set existing = load_cached_relation(relation) -%}
    {%- call statement('main') -%}
        {% if existing is not none %}drop {{ existing.type }} if exists {{ existing }};{% endif %}
        {{ create_statement }}
    {%- endcall -%}
    {% do adapter.commit() %}
    {{ return({'relations': [relation]}) }}
{% endmacro %}
