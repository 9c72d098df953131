{{ config(tags=['clock']) }}

with

features as (

    select * from {{ ref('dim_feature') }}
    where state = 'exposed'

),

adoptions as (

    select * from {{ ref('feature_adoption') }}

),

maturity as (

    select * from {{ ref('int_metrics__maturity') }}

),

judged as (

    select
        features.feature_key,
        features.key_event is not null as is_told,
        coalesce(adoptions.is_final and adoptions.eligible_count > 0, false) as is_mature,
        adoptions.adopter_count
    from features
    left join adoptions
        on features.feature_key = adoptions.feature_key

),

counts as (

    select
        count(*) as delivered_count,
        count(case when not is_told then 1 end) as untold_count,
        count(case when is_told and not is_mature then 1 end) as running_count,
        count(case when is_mature then 1 end) as judged_count,
        count(case when is_mature and adopter_count = 0 then 1 end) as unadopted_count
    from judged

)

select
    maturity.as_of,
    counts.delivered_count,
    counts.untold_count,
    counts.running_count,
    counts.judged_count,
    counts.unadopted_count,
    {{ share_columns('unadopted_share', 'counts.unadopted_count', 'counts.judged_count') }}
from counts
cross join maturity
