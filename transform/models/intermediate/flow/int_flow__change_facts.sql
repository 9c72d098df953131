{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

spans as (

    select * from {{ ref('int_flow__change_spans') }}

),

ready_changes as (

    select * from {{ ref('int_flow__ready_changes') }}

),

review_milestones as (

    select * from {{ ref('int_flow__review_milestones') }}

),

delivery_milestones as (

    select * from {{ ref('int_delivery__change_milestones') }}

),

feature_milestones as (

    select * from {{ ref('int_features__change_milestones') }}

),

rounds as (

    select * from {{ ref('int_flow__rounds') }}

),

round_counts as (

    select
        change_key,
        max(round_number) as round_count
    from rounds
    group by change_key

),

change_facts as (

    select
        changes.change_key,
        changes.repository_key,
        changes.connection,
        changes.change,
        changes.number,
        changes.is_draft,
        changes.author_person_key,
        changes.merger_person_key,
        changes.created_at,
        changes.first_prompt_at,
        changes.prompt_evidence,
        changes.first_commit_authored_at,
        changes.build_started_at,
        changes.build_start_evidence,
        changes.merged_at,
        case spans.state
            when 'merged' then changes.merged_at
            when 'closed' then coalesce(changes.closed_at, spans.ended_at)
        end as closed_at,
        changes.additions,
        changes.deletions,
        changes.changed_file_count,
        changes.commit_count,
        changes.reverts_sha,
        changes.reverts_number,
        spans.state,
        spans.ended_at,
        spans.closed_seconds,
        ready_changes.ready_at,
        review_milestones.first_review_requested_at,
        review_milestones.first_response_at,
        review_milestones.picked_up_at,
        review_milestones.first_review_at,
        review_milestones.first_approved_at,
        review_milestones.last_approved_at,
        coalesce(review_milestones.reviewer_count, 0) as reviewer_count,
        case
            when review_milestones.picked_up_at is null then 0
            else coalesce(round_counts.round_count, 0)
        end as review_round_count,
        coalesce(
            delivery_milestones.delivery_state,
            case spans.state when 'open' then 'unmerged' else 'abandoned' end
        ) as delivery_state,
        delivery_milestones.deployment_key,
        delivery_milestones.deploy_started_at,
        delivery_milestones.deployed_at,
        case
            when feature_milestones.change_key is null then delivery_milestones.deployed_at
            else feature_milestones.exposed_at
        end as exposed_at,
        feature_milestones.exposed_at_null_reason,
        feature_milestones.adopted_at,
        coalesce(feature_milestones.has_key_event, false) as is_adoption_observed,
        feature_milestones.feature_key,
        delivery_milestones.deployment_match_method,
        delivery_milestones.deployment_match_confidence,
        coalesce(delivery_milestones.is_deployed_before_merge, false) as is_deployed_before_merge
    from changes
    inner join spans
        on changes.change_key = spans.change_key
    left join ready_changes
        on changes.change_key = ready_changes.change_key
    left join review_milestones
        on changes.change_key = review_milestones.change_key
    left join delivery_milestones
        on changes.change_key = delivery_milestones.change_key
    left join feature_milestones
        on changes.change_key = feature_milestones.change_key
    left join round_counts
        on changes.change_key = round_counts.change_key

)

select * from change_facts
