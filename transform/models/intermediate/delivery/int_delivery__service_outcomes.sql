{{ config(materialized='table') }}

with

target_changes as (

    select * from {{ ref('int_delivery__target_changes') }}

),

first_deliveries as (

    select * from {{ ref('int_delivery__first_deliveries') }}

),

undecided_changes as (

    select * from {{ ref('int_delivery__undecided_changes') }}

),

deployed_branches as (

    select * from {{ ref('int_delivery__deployed_branches') }}

),

-- of what is known and what cannot be known, the earlier decides; a deployment that is known goes first
known as (

    select
        target_changes.change_key,
        target_changes.service_key,
        target_changes.is_main,
        target_changes.merged_at,
        case
            when not target_changes.has_target then 'not_applicable'
            when first_deliveries.is_before_merge then 'deployed'
            when
                first_deliveries.deployed_at is not null
                and coalesce(first_deliveries.deployed_at <= undecided_changes.undecided_at, true)
                then 'deployed'
            when not undecided_changes.is_left_censored and deployed_branches.branch is null
                then 'not_applicable'
            when undecided_changes.undecided_at is not null then 'not_linked'
            else 'waiting'
        end as delivery_state,
        undecided_changes.undecided_at,
        first_deliveries.deployment_key,
        first_deliveries.deploy_created_at,
        first_deliveries.deploy_started_at,
        first_deliveries.deployed_at,
        first_deliveries.method,
        first_deliveries.confidence,
        first_deliveries.is_before_merge
    from target_changes
    inner join undecided_changes
        on
            target_changes.change_key = undecided_changes.change_key
            and target_changes.service_key = undecided_changes.service_key
    left join first_deliveries
        on
            target_changes.change_key = first_deliveries.change_key
            and target_changes.service_key = first_deliveries.service_key
    left join deployed_branches
        on
            target_changes.connection = deployed_branches.connection
            and target_changes.repository = deployed_branches.repository
            and target_changes.base_branch = deployed_branches.branch

)

select
    *,
    case delivery_state
        when 'deployed' then deployed_at
        when 'not_linked' then undecided_at
    end as decided_at
from known
