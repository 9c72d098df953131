with

repositories as (

    select * from {{ ref('repositories') }}

),

services as (

    select * from {{ ref('stg_flowgauge__services') }}

),

deployments as (

    select * from {{ ref('deployments') }}

),

declared as (

    select
        repositories.connection,
        repositories.source_id as repository,
        services.service,
        services.path_prefix,
        services.team,
        services.valid_from,
        services.valid_to,
        false as is_implicit
    from services
    inner join repositories
        on lower(services.repository_name) = lower(repositories.name)

),

undeclared as (

    select distinct
        repositories.connection,
        repositories.source_id as repository,
        repositories.name as service,
        cast(null as string) as path_prefix,
        cast(null as string) as team,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to,
        true as is_implicit
    from repositories
    inner join deployments
        on
            repositories.connection = deployments.connection
            and repositories.source_id = deployments.repository
    left join declared
        on
            repositories.connection = declared.connection
            and repositories.source_id = declared.repository
    where declared.repository is null

),

united as (

    select * from declared
    union all
    select * from undeclared

)

select
    united.*,
    {{ surrogate_key('service', 'united.service') }} as service_key
from united
