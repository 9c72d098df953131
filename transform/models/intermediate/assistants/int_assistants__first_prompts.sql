with

sessions as (

    select * from {{ ref('int_assistants__session_changes') }}

),

change_commits as (

    select * from {{ ref('change_commits') }}

),

prompts as (

    select
        connection,
        change,
        started_at,
        kind as evidence,
        case kind when 'agent_task' then 1 else 2 end as evidence_rank
    from sessions
    union all
    select
        connection,
        change,
        authored_at as started_at,
        'first_marked_commit' as evidence,
        3 as evidence_rank
    from change_commits
    where assistant_markers is not null

)

select
    connection,
    change,
    min(case when evidence_rank < 3 then started_at end) over (partition by connection, change)
        as session_started_at,
    started_at as first_prompt_at,
    evidence as prompt_evidence
from prompts
where started_at is not null
qualify row_number() over (partition by connection, change order by evidence_rank, started_at) = 1
