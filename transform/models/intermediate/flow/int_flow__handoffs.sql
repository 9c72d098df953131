{{ config(materialized='table') }}

{%- set sources = ['review_handoffs', 'rework_handoffs', 'approval_handoffs', 'release_handoffs'] %}

with

{% for source in sources -%}
{{ source }} as (

    select * from {{ ref('int_flow__' ~ source) }}

),

{% endfor -%}
transfers as (

    {%- for source in sources %}
    select
        change_key,
        mechanism,
        from_role,
        to_role,
        cast(round_number as bigint) as round_number,
        from_person_key,
        to_person_key,
        asked_team_key,
        requested_at,
        accepted_at,
        outcome,
        settled_at
    from {{ source }}
    {{ "union all" if not loop.last }}
    {%- endfor %}

),

between_people as (

    select * from transfers
    where not coalesce(from_person_key = to_person_key, false)

),

ordered as (

    select
        *,
        lag(from_role) over handoff_order as previous_from_role,
        lag(to_role) over handoff_order as previous_to_role
    from between_people
    window handoff_order as (
        partition by change_key order by requested_at, settled_at nulls last, round_number, mechanism, to_role
    )

)

select
    *,
    coalesce(from_role = previous_to_role and to_role = previous_from_role, false) as is_return
from ordered
