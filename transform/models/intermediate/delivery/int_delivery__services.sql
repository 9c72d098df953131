with

repositories as (

    select * from {{ ref('int_delivery__repositories') }}

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
        repositories.repository,
        services.service,
        services.path_prefix,
        services.team,
        services.valid_from,
        services.valid_to,
        false as is_implicit
    from services
    inner join repositories
        on lower(services.repository_name) = lower(repositories.name)
    where repositories.is_hosted_here

),

undeclared as (

    select distinct
        hosts.connection,
        hosts.repository,
        hosts.name as service,
        cast(null as string) as path_prefix,
        cast(null as string) as team,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to,
        true as is_implicit
    from deployments
    inner join repositories
        on
            deployments.connection = repositories.connection
            and deployments.repository = repositories.repository
    inner join repositories as hosts
        on
            repositories.hosting_connection = hosts.connection
            and repositories.hosting_repository = hosts.repository
    left join declared
        on
            hosts.connection = declared.connection
            and hosts.repository = declared.repository
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
