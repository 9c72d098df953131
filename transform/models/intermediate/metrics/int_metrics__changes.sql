{#- Changes of dependency bots wait for nobody in a hurry; those of AI agents are work like any other. -#}
with

changes as (

    select * from {{ ref('fct_changes') }}

),

persons as (

    select * from {{ ref('dim_person') }}

)

select
    changes.change_key,
    changes.connection,
    changes.repository_key,
    changes.team_key,
    changes.service_key,
    changes.state,
    changes.created_at,
    changes.first_commit_authored_at,
    changes.ready_at,
    changes.first_response_at,
    changes.merged_at,
    changes.closed_at,
    changes.review_round_count,
    changes.is_unreviewed_merge
from changes
inner join persons
    on changes.author_person_key = persons.person_key
where persons.kind != 'dependency_bot'
