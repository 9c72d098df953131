{{ config(materialized='table') }}

with

target_changes as (

    select * from {{ ref('int_delivery__target_changes') }}

),

target_deployments as (

    select * from {{ ref('int_delivery__target_deployments') }}

),

evidence as (

    select * from {{ ref('int_delivery__match_evidence') }}

),

censored as (

    select distinct
        evidence.change_key,
        target_deployments.service_key
    from evidence
    inner join target_deployments
        on evidence.deployment_key = target_deployments.deployment_key
    where evidence.is_left_censored and evidence.is_delivered

),

-- a commit that the merge makes cannot be in what was created before it
timeline as (

    select
        connection,
        repository,
        service_key,
        merged_at as occurred_at,
        change_key,
        cast(null as timestamp) as finished_at,
        false as is_commit_unknown
    from target_changes
    union all
    select
        connection,
        repository,
        service_key,
        created_at as occurred_at,
        cast(null as string) as change_key,
        finished_at,
        is_commit_unknown
    from target_deployments
    where is_success and sha is not null

),

followed as (

    select
        change_key,
        service_key,
        min(finished_at) over later as next_success_at,
        min(case when is_commit_unknown then finished_at end) over later as next_unknown_success_at
    from timeline
    window
        later as (
            partition by connection, repository, service_key
            order by occurred_at
            range between current row and unbounded following
        )

)

select
    target_changes.change_key,
    target_changes.service_key,
    censored.change_key is not null as is_left_censored,
    case
        when censored.change_key is not null then target_changes.merged_at
        when target_changes.is_older_than_target and not target_changes.has_success
            then target_changes.merged_at
        when target_changes.is_commit_known then followed.next_unknown_success_at
        else followed.next_success_at
    end as undecided_at
from target_changes
inner join followed
    on
        target_changes.change_key = followed.change_key
        and target_changes.service_key = followed.service_key
left join censored
    on
        target_changes.change_key = censored.change_key
        and target_changes.service_key = censored.service_key
