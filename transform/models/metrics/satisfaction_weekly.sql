{{ config(tags=['clock']) }}

with

responses as (

    select * from {{ ref('fct_survey_responses') }}

),

weeks as (

    select * from {{ ref('int_metrics__weeks') }}

),

counts as (

    select
        days.week_start,
        responses.kind,
        coalesce(responses.area, 'all') as area,
        count(*) as response_count,
        count(case when responses.score >= case responses.kind when 'nps' then 9 else 4 end then 1 end)
            as satisfied_count,
        count(case when responses.score <= case responses.kind when 'nps' then 6 else 2 end then 1 end)
            as dissatisfied_count
    from responses
    {{ join_reporting_day('responses.answered_at', 'days') }}
    group by days.week_start, responses.kind, coalesce(responses.area, 'all')

)

select
    {{ surrogate_key(
        'satisfaction_weekly', 'cast(counts.week_start as string)', 'counts.kind', 'counts.area'
    ) }}
        as satisfaction_weekly_key,
    counts.week_start,
    counts.kind,
    counts.area,
    counts.response_count,
    case when counts.response_count >= 5 then counts.satisfied_count end as satisfied_count,
    case when counts.response_count >= 5 then counts.dissatisfied_count end as dissatisfied_count,
    {{ share_columns('satisfied_share', 'counts.satisfied_count', 'counts.response_count') }},
    case
        when counts.response_count >= 5
            then
                cast(counts.satisfied_count - counts.dissatisfied_count as double)
                * 100 / counts.response_count
    end as net_score,
    {{ net_score_end('counts.satisfied_count', 'counts.dissatisfied_count', 'counts.response_count', '-') }}
        as net_score_low,
    {{ net_score_end('counts.satisfied_count', 'counts.dissatisfied_count', 'counts.response_count', '+') }}
        as net_score_high,
    {{ share_null_reason('counts.response_count') }} as net_score_null_reason,
    weeks.is_over as is_final
from counts
inner join weeks
    on counts.week_start = weeks.week_start
