with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

visits as (

    select * from {{ ref('int_flow__visits') }}

),

handoffs as (

    select * from {{ ref('int_flow__handoffs') }}

),

review_requests as (

    select * from {{ ref('int_flow__review_requests') }}

),

instants as (

    select
        change_key,
        created_at as instant
    from changes
    union distinct
    select
        change_key,
        entered_at as instant
    from visits
    union distinct
    select
        change_key,
        requested_at as instant
    from handoffs
    union distinct
    select
        change_key,
        coalesce(requested_at, asked_at) as instant
    from review_requests

)

select * from instants
