with

deployments as (

    select * from {{ ref('int_delivery__deployments') }}

),

deployment_commits as (

    select * from {{ ref('stg_flowgauge__deployment_commits') }}

),

keyed as (

    select
        *,
        {{ surrogate_key('commit', 'connection', 'repository', 'sha') }} as commit_key
    from deployment_commits
    where is_delivered and not is_left_censored

)

select
    deployments.deployment_key,
    keyed.commit_key,
    deployments.finished_at as deployed_at
from keyed
inner join deployments
    on
        keyed.source_connection = deployments.source_connection
        and keyed.deployment = deployments.deployment
where deployments.is_success
