with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

team_instants as (

    select * from {{ ref('int_flow__team_instants') }}

),

handoffs as (

    select * from {{ ref('int_flow__handoffs') }}

),

review_requests as (

    select * from {{ ref('int_flow__review_requests') }}

),

visit_requests as (

    select * from {{ ref('int_flow__visit_requests') }}

),

all_instants as (

    select
        changes.author_person_key as person_key,
        team_instants.instant
    from team_instants
    inner join changes
        on team_instants.change_key = changes.change_key
    union distinct
    select
        from_person_key as person_key,
        requested_at as instant
    from handoffs
    union distinct
    select
        to_person_key as person_key,
        requested_at as instant
    from handoffs
    union distinct
    select
        asked_person_key as person_key,
        coalesce(requested_at, asked_at) as instant
    from review_requests
    union distinct
    select
        asked_person_key as person_key,
        entered_at as instant
    from visit_requests

)

select * from all_instants
where person_key is not null
