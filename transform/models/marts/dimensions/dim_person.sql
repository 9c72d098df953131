with

accounts as (

    select * from {{ ref('int_people__accounts') }}

),

people as (

    select
        person_key,
        'person-' || left(person_key, 12) as pseudonym,
        case when bool_or(is_human) then 'human' else min(kind) end as kind,
        bool_or(is_human) as is_human
    from accounts
    group by person_key

)

select * from people
union all
select
    {{ unknown_key() }} as person_key,
    'unknown' as pseudonym,
    'unknown' as kind,
    false as is_human
