with

declared as (

    select * from {{ ref('stg_flowgauge__features') }}

),

flags as (

    select * from {{ ref('feature_flags') }}

),

flag_events as (

    select * from {{ ref('feature_flag_events') }}

),

exposures as (

    select * from {{ ref('feature_exposures') }}

),

items as (

    select * from {{ ref('feature_items') }}

),

sources as (

    select connection
    from flags
    union distinct
    select connection
    from flag_events
    union distinct
    select connection
    from exposures

),

observed as (

    select count(*) > 0 as are_flags_told
    from sources

),

named as (

    select distinct key as feature
    from flags
    union distinct
    select distinct feature
    from items

),

-- a flag or a name that no declaration knows is a feature of its own, whose adoption nobody can tell
undeclared as (

    select
        named.feature,
        max(flags.key) as flag
    from named
    left join flags
        on named.feature = flags.key
    left join declared as same_name
        on named.feature = same_name.feature
    left join declared as same_flag
        on named.feature = same_flag.flag
    where same_name.feature is null and same_flag.flag is null
    group by named.feature

),

united as (

    select
        feature,
        flag,
        key_event,
        times,
        within_days,
        true as is_declared
    from declared
    union all
    select
        feature,
        flag,
        cast(null as string) as key_event,
        cast(null as bigint) as times,
        cast(null as bigint) as within_days,
        false as is_declared
    from undeclared

)

select
    {{ surrogate_key('feature', 'feature') }} as feature_key,
    united.*,
    united.flag is not null and observed.are_flags_told as is_flag_observed
from united
cross join observed
