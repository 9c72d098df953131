with

transfers as (

    select * from {{ ref('int_items__transfers') }}

),

memberships as (

    select * from {{ ref('int_people__team_memberships') }}

),

ordered as (

    select
        *,
        row_number() over (
            partition by flow_item_key, mechanism, from_role, to_role
            order by requested_at asc, settled_at asc nulls last
        ) as round_number,
        lag(from_role) over handoff_order as previous_from_role,
        lag(to_role) over handoff_order as previous_to_role,
        lag(from_person_key) over handoff_order as previous_from_person_key,
        lag(to_person_key) over handoff_order as previous_to_person_key
    from transfers
    where not coalesce(from_person_key = to_person_key, false)
    window handoff_order as (
        partition by flow_item_key
        order by requested_at asc, settled_at asc nulls last, mechanism asc, to_role asc
    )

),

keyed as (

    select
        *,
        {{ surrogate_key(
            'handoff', 'flow_item_key', 'mechanism', 'from_role', 'to_role', 'cast(round_number as string)'
        ) }} as handoff_key,
        coalesce(
            from_role = previous_to_role
            and to_role = previous_from_role
            and (
                from_role != to_role
                or (from_person_key = previous_to_person_key and to_person_key = previous_from_person_key)
            ),
            false
        ) as is_return
    from ordered

),

sides as (

    select
        handoff_key,
        'from' as side,
        from_person_key as person_key,
        requested_at
    from keyed
    union all
    select
        handoff_key,
        'to' as side,
        to_person_key as person_key,
        requested_at
    from keyed

),

person_teams as (

    select
        sides.handoff_key,
        sides.side,
        min_by(memberships.team_key, memberships.team) as team_key
    from sides
    inner join memberships
        on
            sides.person_key = memberships.person_key
            and {{ is_valid_at('memberships', 'sides.requested_at') }}
    group by sides.handoff_key, sides.side

)

select
    keyed.handoff_key,
    keyed.flow_item_type,
    keyed.flow_item_key,
    keyed.mechanism,
    keyed.from_role,
    keyed.to_role,
    keyed.round_number,
    keyed.from_person_key,
    keyed.to_person_key,
    coalesce(from_teams.team_key, keyed.team_key) as from_team_key,
    coalesce(to_teams.team_key, keyed.team_key) as to_team_key,
    keyed.requested_at,
    keyed.accepted_at,
    keyed.settled_at,
    keyed.outcome,
    keyed.is_return
from keyed
left join person_teams as from_teams
    on
        keyed.handoff_key = from_teams.handoff_key
        and from_teams.side = 'from'
left join person_teams as to_teams
    on
        keyed.handoff_key = to_teams.handoff_key
        and to_teams.side = 'to'
