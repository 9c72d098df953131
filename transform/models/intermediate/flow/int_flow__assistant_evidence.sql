with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

assistant_markers as (

    select * from {{ ref('int_flow__assistant_markers') }}

),

sessions as (

    select * from {{ ref('int_assistants__session_changes') }}

),

all_evidence as (

    select
        change_key,
        is_of_change,
        case evidence
            when 'author' then 'agent_author'
            when 'note' then 'git_ai_note'
            when 'body' then 'trailer'
            when 'branch' then 'branch_name'
            else evidence
        end as assistant_evidence,
        assistant
    from assistant_markers
    union all
    select
        changes.change_key,
        false as is_of_change,
        sessions.evidence as assistant_evidence,
        sessions.tool as assistant
    from sessions
    inner join changes
        on
            sessions.connection = changes.connection
            and sessions.change = changes.change
    union all
    select
        change_key,
        true as is_of_change,
        'agent_author' as assistant_evidence,
        cast(null as string) as assistant
    from changes
    where author_kind = 'ai_agent'

),

ranked as (

    select
        *,
        case assistant_evidence
            when 'agent_author' then 1
            when 'git_ai_note' then 2
            when 'vendor_record' then 3
            when 'trailer' then 4
            when 'session_link' then 5
            else 6
        end as evidence_rank,
        max(case when assistant_evidence = 'agent_author' and is_of_change then 1 else 0 end) over (
            partition by change_key
        ) as is_by_agent
    from all_evidence

)

select
    change_key,
    assistant_evidence,
    case when is_by_agent = 1 then 'agent_authored' else 'assisted' end as assistant_level,
    assistant
from ranked
qualify row_number() over (
    partition by change_key
    order by evidence_rank asc, case when is_of_change then 0 else 1 end asc, assistant asc nulls last
) = 1
