{#- From a push to the end of the last required check: first attempts, and with what was run again. -#}
with

head_checks as (

    select * from {{ ref('int_metrics__head_checks') }}

),

changes as (

    select * from {{ ref('int_metrics__changes') }}

),

waits as (

    {%- for subject, last_try in [('check_latency', 'first'), ('check_latency_with_reruns', 'any')] %}
        select
            '{{ subject }}' as subject,
            change_key,
            sha,
            pushed_at,
            given_up_at,
            count(*) = count(finished_at) as is_done,
            max(finished_at) as last_finished_at,
            bool_or(conclusion = 'cancelled') as is_called_off
        from head_checks
        {{ "where try_number = 1" if last_try == 'first' }}
        group by change_key, sha, head_started_at, pushed_at, given_up_at
        {{ "union all" if not loop.last }}
    {%- endfor %}

),

settled as (

    select
        *,
        coalesce(given_up_at is not null and not (is_done and last_finished_at <= given_up_at), false)
            as is_given_up
    from waits

)

select
    settled.subject,
    settled.change_key || ':' || settled.sha || ':' || cast(settled.pushed_at as string) as item_key,
    changes.connection,
    changes.repository_key,
    changes.team_key,
    changes.service_key,
    settled.pushed_at as started_at,
    case
        when settled.is_given_up then settled.given_up_at
        when settled.is_done then settled.last_finished_at
    end as ended_at,
    case
        when settled.is_given_up or (settled.is_done and settled.is_called_off) then 'competing'
        when settled.is_done then 'ended'
        else 'censored'
    end as outcome
from settled
inner join changes
    on settled.change_key = changes.change_key
where coalesce(settled.given_up_at > settled.pushed_at, true)
