{{ config(enabled=is_connector_enabled('gitlab')) }}

with

deployments as (

    select * from {{ ref('stg_gitlab__deployments') }}

),

approvals as (

    select * from {{ ref('stg_gitlab__deployment_approvals') }}

),

decisions as (

    select
        connection,
        deployment_id,
        min(created_at) filter (where status = 'rejected') as rejected_at,
        min_by(user_id, created_at) filter (where status = 'rejected') as rejected_by_id,
        max(created_at) filter (where status = 'approved') as approved_at,
        max_by(user_id, created_at) filter (where status = 'approved') as approved_by_id
    from approvals
    group by connection, deployment_id

),

-- GitLab knows created, running, success, failed, canceled, skipped and blocked; completed and undeployed
-- stand in old recordings. Any other word gives no status, and fails the contract's test.
described as (

    select
        deployments.*,
        decisions.rejected_at,
        decisions.rejected_by_id,
        case
            when coalesce(deployments.pending_approval_count, 0) = 0 then decisions.approved_at
        end as approved_at,
        decisions.approved_by_id,
        decisions.deployment_id is not null
        or coalesce(deployments.pending_approval_count, 0) > 0
        or deployments.status = 'blocked' as has_gate,
        case
            when decisions.rejected_at is not null and deployments.job_started_at is null then 'cancelled'
            when deployments.status in ('success', 'completed') then 'success'
            when deployments.status = 'failed' then 'failure'
            when deployments.status in ('canceled', 'skipped', 'undeployed') then 'cancelled'
            when deployments.status = 'running' then 'in_progress'
            when deployments.status = 'blocked' then 'waiting'
            when deployments.status = 'created' then 'queued'
        end as outcome
    from deployments
    left join decisions
        on
            deployments.connection = decisions.connection
            and deployments.deployment_id = decisions.deployment_id

),

final as (

    select
        connection,
        deployment_id,
        repository_id,
        environment_id,
        environment,
        sha,
        user_id,
        created_at,
        job_finished_at,
        rejected_at,
        rejected_by_id,
        approved_at,
        approved_by_id,
        has_gate,
        outcome,
        extracted_at,
        case
            when outcome in ('success', 'failure', 'cancelled', 'in_progress') then job_started_at
        end as started_at,
        case
            when outcome = 'cancelled' and job_started_at is null then coalesce(rejected_at, updated_at)
            when outcome in ('success', 'failure', 'cancelled') then coalesce(job_finished_at, updated_at)
        end as finished_at
    from described

)

select * from final
