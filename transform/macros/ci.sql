{#- What runs and jobs of CI have in common; the columns are those of `fct_ci_runs` and `fct_ci_jobs`. -#}

{#- Whether the code, the machines or somebody's decision ended it; null where it did not fail. -#}
{% macro ci_failure_class() -%}
    case
        when conclusion = 'failure' then 'code'
        when conclusion in ('timed_out', 'infrastructure_failure') then 'infrastructure'
        when conclusion = 'cancelled' then 'cancelled'
    end
{%- endmacro %}


{#- A missing start is no gap in what is known where the attempt was called off or skipped before one. -#}
{% macro ci_queue_null_reason() -%}
    {{ seconds_null_reason('queued_at', 'started_at', no_end=ci_no_start_reason()) }}
{%- endmacro %}

{% macro ci_run_null_reason() -%}
    {{ seconds_null_reason('started_at', 'finished_at', no_end="'not_yet'", no_start=ci_no_start_reason()) }}
{%- endmacro %}

{% macro ci_no_start_reason() -%}
    case
        when conclusion = 'running' then 'not_yet'
        when conclusion in ('cancelled', 'skipped') then 'not_applicable'
        else 'not_observed'
    end
{%- endmacro %}


{#- What runs on the default branch tests the trunk and no change. -#}
{% macro ci_change_null_reason() -%}
    case
        when change_key is not null then null
        when is_on_default_branch then 'not_applicable'
        else 'not_linked'
    end
{%- endmacro %}
