with

adoptions as (

    select * from {{ ref('int_features__adoptions') }}

),

eligible as (

    select
        feature_key,
        adopted_at,
        count(*) over (partition by feature_key) as eligible_count,
        row_number() over (partition by feature_key order by adopted_at asc nulls last) as adopter_number
    from adoptions
    where is_eligible

)

-- adopted by a tenth of those who have it
select
    feature_key,
    max(eligible_count) as eligible_count,
    count(adopted_at) as adopter_count,
    min(case when adopter_number * 10 >= eligible_count then adopted_at end) as adopted_at
from eligible
group by feature_key
