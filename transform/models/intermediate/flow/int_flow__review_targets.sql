with

targets as (

    select * from {{ ref('stg_flowgauge__targets') }}

),

review_targets as (

    select max(value) as sla_hours
    from targets
    where name = 'review_sla_hours'

)

select * from review_targets
