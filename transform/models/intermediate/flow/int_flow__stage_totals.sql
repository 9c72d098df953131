with

visits as (

    select * from {{ ref('int_flow__visits') }}

),

stage_totals as (

    select
        change_key,
    {%- for stage in ['build', 'review_wait', 'review', 'rework', 'ci', 'merge_wait'] %}
        cast(
            sum(
                case when stage = '{{ stage }}' then {{ seconds_between('entered_at', 'exited_at') }} end
            ) as bigint
        ) as {{ stage }}_seconds{{ "," if not loop.last }}
    {%- endfor %}
    from visits
    where not is_after_merge
    group by change_key

)

select * from stage_totals
