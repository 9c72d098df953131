with

runs as (

    select * from {{ ref('stg_flowgauge__runs') }}

),

latest as (

    select max_by(as_of, started_at) as as_of
    from runs

)

select * from latest
