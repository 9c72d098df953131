with

usage as (

    select * from {{ ref('assistant_usage_daily') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

),

dates as (

    select * from {{ ref('int_flow__reporting_days') }}

)

select
    {{ surrogate_key('assistant_usage', 'usage.connection', 'usage.source_id') }} as assistant_usage_key,
    usage.connection,
    {{ known_key('accounts.person_key') }} as person_key,
    {{ known_key(surrogate_key('assistant', 'usage.tool')) }} as assistant_key,
    dates.date_key,
    usage.day as date_day,
    usage.session_count,
    usage.prompt_count,
    usage.suggested_count,
    usage.accepted_count,
    usage.added_line_count,
    usage.removed_line_count,
    usage.commit_count,
    usage.change_count,
    usage.cost_usd
from usage
left join accounts
    on
        usage.connection = accounts.connection
        and usage.account = accounts.account
left join dates
    on usage.day = dates.date_day
