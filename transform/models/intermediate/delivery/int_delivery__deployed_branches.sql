with

repositories as (

    select * from {{ ref('repositories') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

target_deployments as (

    select * from {{ ref('int_delivery__target_deployments') }}

),

defaults as (

    select
        connection,
        source_id as repository,
        default_branch as branch
    from repositories
    where default_branch is not null

),

seen as (

    select
        changes.connection,
        changes.repository,
        changes.base_branch as branch
    from changes
    inner join target_deployments
        on
            changes.connection = target_deployments.connection
            and changes.repository = target_deployments.repository
            and changes.merge_sha = target_deployments.sha
    where changes.base_branch is not null

)

select * from defaults
union distinct
select * from seen
