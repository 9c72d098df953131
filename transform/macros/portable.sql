{#-
What DuckDB and Spark spell differently: JSON, lists, series, string aggregation, integer division, regex
tests, IGNORE NULLS. `default__` is DuckDB; `spark__` is the distributed target.
-#}

{#- A JSON list of strings as a list of the engine. Null stays null. -#}
{% macro json_string_list(expression) -%}
    {{ return(adapter.dispatch('json_string_list')(expression)) }}
{%- endmacro %}

{% macro default__json_string_list(expression) -%}
    cast(from_json(cast({{ expression }} as json), '["VARCHAR"]') as varchar[])
{%- endmacro %}

{% macro spark__json_string_list(expression) -%}
    from_json({{ expression }}, 'array<string>')
{%- endmacro %}


{#- One text field of a JSON object, by name. -#}
{% macro json_text(expression, field) -%}
    {{ return(adapter.dispatch('json_text')(expression, field)) }}
{%- endmacro %}

{% macro default__json_text(expression, field) -%}
    json_extract_string({{ expression }}, '$.{{ field }}')
{%- endmacro %}

{% macro spark__json_text(expression, field) -%}
    get_json_object({{ expression }}, '$.{{ field }}')
{%- endmacro %}


{% macro list_contains(list, value) -%}
    {{ return(adapter.dispatch('list_contains')(list, value)) }}
{%- endmacro %}

{% macro default__list_contains(list, value) -%}
    list_contains({{ list }}, {{ value }})
{%- endmacro %}

{% macro spark__list_contains(list, value) -%}
    array_contains({{ list }}, {{ value }})
{%- endmacro %}


{% macro list_length(list) -%}
    {{ return(adapter.dispatch('list_length')(list)) }}
{%- endmacro %}

{% macro default__list_length(list) -%}
    len({{ list }})
{%- endmacro %}

{% macro spark__list_length(list) -%}
    size({{ list }})
{%- endmacro %}


{#- Aggregate: the values as a list, ordered by an expression. -#}
{% macro ordered_list(value, order_by) -%}
    {{ return(adapter.dispatch('ordered_list')(value, order_by)) }}
{%- endmacro %}

{% macro default__ordered_list(value, order_by) -%}
    list({{ value }} order by {{ order_by }})
{%- endmacro %}

{% macro spark__ordered_list(value, order_by) -%}
    transform(array_sort(collect_list(struct({{ order_by }} as o, {{ value }} as v))), x -> x.v)
{%- endmacro %}


{#- Aggregate: the values, sorted, joined by a separator. -#}
{% macro sorted_text(value, separator=',') -%}
    {{ return(adapter.dispatch('sorted_text')(value, separator)) }}
{%- endmacro %}

{% macro default__sorted_text(value, separator) -%}
    string_agg({{ value }}, '{{ separator }}' order by {{ value }})
{%- endmacro %}

{% macro spark__sorted_text(value, separator) -%}
    array_join(sort_array(collect_list({{ value }})), '{{ separator }}')
{%- endmacro %}


{#- `from changes {{ cross_unnest('changes.labels', 'label') }}`: one row per element, column `<name>.<name>`. -#}
{% macro cross_unnest(list, name) -%}
    {{ return(adapter.dispatch('cross_unnest')(list, name)) }}
{%- endmacro %}

{% macro default__cross_unnest(list, name) -%}
    cross join unnest({{ list }}) as {{ name }} ({{ name }})
{%- endmacro %}

{% macro spark__cross_unnest(list, name) -%}
    lateral view explode({{ list }}) {{ name }} as {{ name }}
{%- endmacro %}


{#- A list of the integers from the first to the last, both included; for `cross_unnest`. -#}
{% macro integer_series(first, last) -%}
    {{ return(adapter.dispatch('integer_series')(first, last)) }}
{%- endmacro %}

{% macro default__integer_series(first, last) -%}
    generate_series({{ first }}, {{ last }})
{%- endmacro %}

{% macro spark__integer_series(first, last) -%}
    sequence({{ first }}, {{ last }})
{%- endmacro %}


{#- A text split into a list by a literal separator. -#}
{% macro split_list(expression, separator=',') -%}
    {{ return(adapter.dispatch('split_list')(expression, separator)) }}
{%- endmacro %}

{% macro default__split_list(expression, separator) -%}
    string_split({{ expression }}, '{{ separator }}')
{%- endmacro %}

{% macro spark__split_list(expression, separator) -%}
    split({{ expression }}, '\\Q{{ separator }}\\E')
{%- endmacro %}


{#- Whether a part of the text matches the regular expression. -#}
{% macro matches(expression, pattern) -%}
    {{ return(adapter.dispatch('matches')(expression, pattern)) }}
{%- endmacro %}

{% macro default__matches(expression, pattern) -%}
    regexp_matches({{ expression }}, '{{ pattern }}')
{%- endmacro %}

{% macro spark__matches(expression, pattern) -%}
    {{ expression }} rlike r'{{ pattern }}'
{%- endmacro %}


{#- Whether text matches a regular expression that a column holds. -#}
{% macro matches_column(expression, column) -%}
    {{ return(adapter.dispatch('matches_column')(expression, column)) }}
{%- endmacro %}

{% macro default__matches_column(expression, column) -%}
    regexp_matches({{ expression }}, {{ column }})
{%- endmacro %}

{% macro spark__matches_column(expression, column) -%}
    {{ expression }} rlike {{ column }}
{%- endmacro %}


{#- Quotient of two integers, rounded towards zero; null where the divisor is 0. -#}
{% macro integer_division(dividend, divisor) -%}
    {{ return(adapter.dispatch('integer_division')(dividend, divisor)) }}
{%- endmacro %}

{% macro default__integer_division(dividend, divisor) -%}
    (({{ dividend }}) // nullif({{ divisor }}, 0))
{%- endmacro %}

{% macro spark__integer_division(dividend, divisor) -%}
    (({{ dividend }}) div nullif({{ divisor }}, 0))
{%- endmacro %}


{#- The last value that is not null within a window, given as the text inside `over (…)`. -#}
{% macro last_known(expression, window) -%}
    {{ return(adapter.dispatch('last_known')(expression, window)) }}
{%- endmacro %}

{% macro default__last_known(expression, window) -%}
    last_value({{ expression }} ignore nulls) over ({{ window }})
{%- endmacro %}

{% macro spark__last_known(expression, window) -%}
    last_value({{ expression }}) ignore nulls over ({{ window }})
{%- endmacro %}


{#- The first value that is not null within a window, given as the text inside `over (…)`. -#}
{% macro first_known(expression, window) -%}
    {{ return(adapter.dispatch('first_known')(expression, window)) }}
{%- endmacro %}

{% macro default__first_known(expression, window) -%}
    first_value({{ expression }} ignore nulls) over ({{ window }})
{%- endmacro %}

{% macro spark__first_known(expression, window) -%}
    first_value({{ expression }}) ignore nulls over ({{ window }})
{%- endmacro %}


{#- Every column but some: `select {{ all_but(['row_number']) }}`. -#}
{% macro all_but(columns, relation=none) -%}
    {{ return(adapter.dispatch('all_but')(columns, relation)) }}
{%- endmacro %}

{% macro default__all_but(columns, relation) -%}
    {{ relation ~ '.' if relation }}* exclude ({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__all_but(columns, relation) -%}
    {{ relation ~ '.' if relation }}* except ({{ columns | join(', ') }})
{%- endmacro %}


{#- The expression with each text of the pairs replaced by its other, one pair after the other. -#}
{% macro replaced(expression, pairs) -%}
    {%- set nested = namespace(sql=expression) -%}
    {%- for text, other in pairs -%}
        {%- set nested.sql = "replace(" ~ nested.sql ~ ", '" ~ text ~ "', '" ~ other ~ "')" -%}
    {%- endfor -%}
    {{ nested.sql }}
{%- endmacro %}
