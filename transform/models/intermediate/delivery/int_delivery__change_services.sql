{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

services as (

    select * from {{ ref('int_delivery__services') }}

),

files as (

    select * from {{ ref('change_files') }}

),

known_files as (

    select distinct
        connection,
        change
    from files

),

dated as (

    select
        *,
        cast(coalesce(merged_at, created_at) as date) as valid_on
    from changes

),

-- a change whose paths are not known may touch any service of its repository
possible as (

    select
        dated.connection,
        dated.change,
        dated.change_key,
        services.service,
        services.service_key,
        case
            when services.path_prefix is null then ''
            else regexp_replace(services.path_prefix, '/+$', '') || '/'
        end as folder,
        services.path_prefix is null or known_files.change is null as is_whole_repository
    from dated
    inner join services
        on
            dated.connection = services.connection
            and dated.repository = services.repository
            and {{ is_valid_at('services', 'dated.valid_on') }}
    left join known_files
        on
            dated.connection = known_files.connection
            and dated.change = known_files.change

),

touched as (

    select
        possible.change_key,
        possible.service,
        possible.service_key,
        count(distinct files.path) as touched_file_count
    from possible
    left join files
        on
            possible.connection = files.connection
            and possible.change = files.change
            and left(files.path || '/', length(possible.folder)) = possible.folder
    where possible.is_whole_repository or files.path is not null
    group by possible.change_key, possible.service, possible.service_key

)

select
    *,
    row_number() over (partition by change_key order by touched_file_count desc, service asc) = 1 as is_main
from touched
