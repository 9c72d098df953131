{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

deployments as (

    select * from {{ ref('int_delivery__deployments') }}

),

deployment_commits as (

    select * from {{ ref('stg_flowgauge__deployment_commits') }}

),

change_shas as (

    select * from {{ ref('int_delivery__deployable_shas') }}

),

found as (

    select
        deployments.deployment_key,
        change_shas.change_key,
        case
            when change_shas.is_head then 'head_sha'
            when deployments.commit_sha is null then 'merge_sha'
            when deployments.commit_sha != deployments.sha then 'release_tag'
            when deployments.previous_deployment is null and change_shas.sha = deployments.sha
                then 'merge_sha'
            else 'ancestry'
        end as method,
        deployment_commits.is_delivered and deployments.is_success as is_delivered,
        deployment_commits.is_left_censored,
        removing.finished_at as removed_at
    from deployment_commits
    inner join change_shas
        on
            deployment_commits.connection = change_shas.connection
            and deployment_commits.repository = change_shas.repository
            and deployment_commits.sha = change_shas.sha
    inner join deployments
        on
            deployment_commits.source_connection = deployments.source_connection
            and deployment_commits.deployment = deployments.deployment
            and (change_shas.is_left_behind or not deployment_commits.is_left_censored)
    left join deployments as removing
        on
            deployment_commits.source_connection = removing.source_connection
            and deployment_commits.removed_by = removing.deployment

),

-- nothing but the order in time speaks where a deployment names no commit
guessed as (

    select
        deployments.deployment_key,
        changes.change_key,
        'time' as method,
        deployments.is_success as is_delivered,
        previous.deployment is null as is_left_censored,
        cast(null as timestamp) as removed_at
    from deployments
    left join deployments as previous
        on
            deployments.source_connection = previous.source_connection
            and deployments.previous_deployment = previous.deployment
    inner join changes
        on
            deployments.connection = changes.connection
            and deployments.repository = changes.repository
            and deployments.created_at >= changes.merged_at
            and (previous.deployment is null or previous.created_at < changes.merged_at)
    where deployments.sha is null

)

select * from found
union all
select * from guessed
