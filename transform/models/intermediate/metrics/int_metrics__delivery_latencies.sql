{#- By service. Changes that are still open may be deployed one day, where their service has a production. -#}
with

deployments as (

    select * from {{ ref('int_metrics__deployments') }}

),

change_services as (

    select * from {{ ref('int_delivery__change_services') }}

),

service_deliveries as (

    select * from {{ ref('int_delivery__service_deliveries') }}

),

changes as (

    select * from {{ ref('int_metrics__changes') }}

),

services as (

    select distinct service_key
    from deployments

),

deliveries as (

    select
        change_services.change_key || ':' || change_services.service_key as item_key,
        changes.connection,
        changes.repository_key,
        changes.team_key,
        change_services.service_key,
        changes.first_commit_authored_at,
        case when not service_deliveries.is_deployed_before_merge then changes.merged_at end as merged_at,
        case
            when changes.state = 'closed' then changes.closed_at
            else coalesce(service_deliveries.deployed_at, service_deliveries.decided_at)
        end as ended_at,
        case
            when changes.state = 'open' or service_deliveries.delivery_state = 'waiting' then 'censored'
            when service_deliveries.delivery_state = 'deployed' then 'ended'
            when changes.state = 'closed' or service_deliveries.delivery_state = 'superseded' then 'competing'
        end as outcome
    from change_services
    inner join changes
        on change_services.change_key = changes.change_key
    inner join services
        on change_services.service_key = services.service_key
    left join service_deliveries
        on
            change_services.change_key = service_deliveries.change_key
            and change_services.service_key = service_deliveries.service_key

),

latencies as (

    {%- for subject, started_at in [
        ('change_lead', 'first_commit_authored_at'),
        ('change_lead_from_merge', 'merged_at'),
    ] %}
        select
            '{{ subject }}' as subject,
            item_key,
            connection,
            repository_key,
            team_key,
            service_key,
            {{ started_at }} as started_at,
            ended_at,
            outcome
        from deliveries
        union all
    {%- endfor %}
    select
        'deployment_gap' as subject,
        deployment_key || ':' || service_key as item_key,
        connection,
        repository_key,
        cast(null as string) as team_key,
        service_key,
        finished_at as started_at,
        lead(finished_at) over (partition by service_key order by finished_at, deployment_key) as ended_at,
        case
            when
                row_number() over (
                    partition by service_key order by finished_at desc, deployment_key desc
                ) = 1
                then 'censored'
            else 'ended'
        end as outcome
    from deployments
    where is_new
    union all
    select
        'recovery' as subject,
        deployment_key || ':' || service_key as item_key,
        '' as connection,
        repository_key,
        cast(null as string) as team_key,
        service_key,
        failed_at as started_at,
        restored_at as ended_at,
        case when restored_at is null then 'censored' else 'ended' end as outcome
    from deployments
    where is_evidenced

)

select *
from latencies
where coalesce(ended_at >= started_at, true)
