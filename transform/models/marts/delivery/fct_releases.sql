with

releases as (

    select * from {{ ref('releases') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

)

select
    {{ surrogate_key('release', 'releases.connection', 'releases.source_id') }} as release_key,
    releases.connection,
    releases.source_id,
    {{ surrogate_key('repository', 'releases.connection', 'releases.repository') }} as repository_key,
    releases.name,
    releases.tag,
    releases.sha,
    releases.published_at,
    releases.is_prerelease,
    releases.is_draft,
    releases.is_bare_tag
from releases
inner join horizons
    on releases.connection = horizons.connection
where coalesce(releases.published_at <= horizons.events_until_at, true)
