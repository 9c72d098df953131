{{ config(tags=['clock']) }}

with

features as (

    select * from {{ ref('dim_feature') }}
    where key_event is not null

),

adoptions as (

    select * from {{ ref('fct_feature_adoption') }}
    where is_eligible

),

lags as (

    select * from {{ ref('int_metrics__adoption_lags') }}

),

maturity as (

    select * from {{ ref('int_metrics__maturity') }}

),

counts as (

    select
        feature_key,
        count(*) as eligible_count,
        count(first_used_at) as user_count,
        count(adopted_at) as adopter_count,
        max(exposed_at) as last_exposed_at
    from adoptions
    group by feature_key

),

counted as (

    select
        features.feature_key,
        features.name as feature,
        features.exposed_at,
        features.adopted_at,
        coalesce(counts.eligible_count, 0) as eligible_count,
        coalesce(counts.user_count, 0) as user_count,
        coalesce(counts.adopter_count, 0) as adopter_count,
        counts.last_exposed_at
    from features
    left join counts
        on features.feature_key = counts.feature_key

)

select
    counted.feature_key,
    maturity.as_of,
    counted.feature,
    counted.exposed_at,
    counted.eligible_count,
    counted.user_count,
    counted.adopter_count,
    {{ share_columns('adoption_share', 'counted.adopter_count', 'counted.eligible_count') }},
    {{ seconds_between('counted.exposed_at', 'counted.adopted_at') }} as tenth_adopted_seconds,
    case
        when counted.exposed_at is null then 'not_exposed'
        when counted.adopted_at is null then 'not_reached'
    end as tenth_adopted_seconds_null_reason,
    {%- for column in ['p50', 'p50_low', 'p50_high'] %}
        case when counted.eligible_count >= 5 then lags.lag_{{ column }}_seconds end
            as lag_{{ column }}_seconds,
    {%- endfor %}
    case
        when counted.eligible_count < 5 then 'not_enough_data'
        when lags.lag_p50_seconds is null then 'not_reached'
    end as lag_p50_seconds_null_reason,
    {%- for days in [7, 28] %}
        {%- for end in ['', '_low', '_high'] %}
            case when counted.eligible_count >= 5 then lags.used_by_day_{{ days }}_share{{ end }} end
                as used_by_day_{{ days }}_share{{ end }},
        {%- endfor %}
        case
            when counted.eligible_count < 5 then 'not_enough_data'
            when lags.used_by_day_{{ days }}_share is null then 'not_yet'
        end as used_by_day_{{ days }}_share_null_reason,
    {%- endfor %}
    coalesce(
        {{ add_seconds('counted.last_exposed_at', 'maturity.adoption_seconds') }} <= maturity.told_until_at,
        false
    ) as is_final
from counted
cross join maturity
left join lags
    on counted.feature_key = lags.feature_key
