{{ config(materialized='table') }}

with

change_events as (

    select * from {{ ref('int_flow__change_events') }}

),

spans as (

    select * from {{ ref('int_flow__change_spans') }}

),

requests as (

    select * from {{ ref('int_flow__requests') }}

),

ready_changes as (

    select * from {{ ref('int_flow__ready_changes') }}

),

first_requests as (

    select
        change_key,
        min(asked_at) as first_review_requested_at
    from requests
    where is_human_asked
    group by change_key

),

placed as (

    select
        change_events.*,
        change_events.is_response and change_events.type != 'commented' as is_review,
        change_events.type = 'reviewed_approved' and not change_events.is_author as is_approval,
        change_events.occurred_at <= coalesce(spans.ended_at, change_events.occurred_at) as is_before_end,
        coalesce(change_events.sequence >= ready_changes.ready_sequence, false) as is_since_ready
    from change_events
    inner join spans
        on change_events.change_key = spans.change_key
    left join ready_changes
        on change_events.change_key = ready_changes.change_key

),

review_milestones as (

    select
        change_key,
        min(case when is_response then occurred_at end) as first_response_at,
        min(
            case when is_response and is_before_end and is_since_ready then occurred_at end
        ) as picked_up_at,
        min(case when is_review then occurred_at end) as first_review_at,
        min(case when is_approval then occurred_at end) as first_approved_at,
        max(case when is_approval and is_before_end then occurred_at end) as last_approved_at,
        count(distinct case when is_review and is_before_end then person_key end) as reviewer_count
    from placed
    group by change_key

)

select
    review_milestones.*,
    first_requests.first_review_requested_at
from review_milestones
left join first_requests
    on review_milestones.change_key = first_requests.change_key
