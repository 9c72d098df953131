{{ config(enabled=is_connector_enabled('gitlab')) }}

with

notes as (

    select * from {{ ref('stg_gitlab__merge_request_notes') }}

),

approvals as (

    select * from {{ ref('stg_gitlab__merge_request_approvals') }}

),

cars as (

    select * from {{ ref('stg_gitlab__merge_train_cars') }}

),

-- Notes in another language, or not to be had, leave what GitLab's own records still tell.
noted as (

    select
        connection,
        merge_request_id,
        type,
        case when type = 'approved' then actor_id end as actor_id,
        max(occurred_at) as occurred_at
    from notes
    where type in ('approved', 'train_joined')
    group by connection, merge_request_id, type, case when type = 'approved' then actor_id end

),

approved as (

    select
        approvals.connection,
        approvals.merge_request_id,
        approvals.merge_request_id || ':approval:' || approvals.user_id as event_id,
        'reviewed_approved' as type,
        approvals.approved_at as occurred_at,
        approvals.user_id as actor_id
    from approvals
    left join noted
        on
            approvals.connection = noted.connection
            and approvals.merge_request_id = noted.merge_request_id
            and approvals.user_id = noted.actor_id
            and noted.type = 'approved'
    where
        approvals.approved_at is not null
        and noted.merge_request_id is null

),

joined as (

    select
        cars.connection,
        cars.merge_request_id,
        'car:' || cars.car_id as event_id,
        'enqueued' as type,
        cars.created_at as occurred_at,
        cars.user_id as actor_id
    from cars
    left join noted
        on
            cars.connection = noted.connection
            and cars.merge_request_id = noted.merge_request_id
            and noted.type = 'train_joined'
    where noted.merge_request_id is null

),

united as (

    select * from approved
    union all
    select * from joined

)

select * from united
