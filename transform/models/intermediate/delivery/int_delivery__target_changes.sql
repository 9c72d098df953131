{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

change_services as (

    select * from {{ ref('int_delivery__change_services') }}

),

target_deployments as (

    select * from {{ ref('int_delivery__target_deployments') }}

),

commits as (

    select * from {{ ref('commits') }}

),

targets as (

    select
        connection,
        repository,
        service_key,
        min(created_at) as first_seen_at,
        bool_or(is_success) as has_success
    from target_deployments
    group by connection, repository, service_key

),

merged as (

    select
        change_services.change_key,
        change_services.service_key,
        change_services.is_main,
        changes.connection,
        changes.repository,
        changes.base_branch,
        changes.merged_at,
        commits.sha is not null as is_commit_known,
        targets.first_seen_at is not null as has_target,
        coalesce(targets.has_success, false) as has_success,
        coalesce(changes.merged_at < targets.first_seen_at, false) as is_older_than_target
    from change_services
    inner join changes
        on change_services.change_key = changes.change_key
    left join targets
        on
            changes.connection = targets.connection
            and changes.repository = targets.repository
            and change_services.service_key = targets.service_key
    left join commits
        on
            changes.connection = commits.connection
            and changes.repository = commits.repository
            and coalesce(changes.merge_sha, changes.head_sha) = commits.sha
    where changes.merged_at is not null

)

select * from merged
