with

session_changes as (

    select * from {{ ref('session_changes') }}

),

sessions as (

    select * from {{ ref('assistant_sessions') }}

),

changes as (

    select * from {{ ref('changes') }}

),

change_commits as (

    select * from {{ ref('change_commits') }}

),

repositories as (

    select * from {{ ref('repositories') }}

),

named_repositories as (

    select
        connection,
        source_id as repository,
        lower(source_id) as name
    from repositories
    union distinct
    select
        connection,
        source_id as repository,
        lower(name) as name
    from repositories

),

-- an id or a name that several connections host means none of them
unambiguous_repositories as (

    select * from named_repositories
    qualify count(*) over (partition by name) = 1

),

placed as (

    select
        session_changes.connection as session_connection,
        session_changes.session,
        session_changes.change,
        session_changes.branch,
        session_changes.sha,
        session_changes.method,
        sessions.tool,
        sessions.kind,
        sessions.started_at,
        unambiguous_repositories.connection,
        unambiguous_repositories.repository
    from session_changes
    inner join sessions
        on
            session_changes.connection = sessions.connection
            and session_changes.session = sessions.source_id
    inner join unambiguous_repositories
        on lower(session_changes.repository) = unambiguous_repositories.name

),

-- one equality each: a condition with `or` would compare every session with every change
found as (

    {%- for column in ['changes.source_id', 'cast(changes.number as string)'] %}
        select
            placed.*,
            changes.source_id as change_id
        from placed
        inner join changes
            on
                placed.connection = changes.connection
                and placed.repository = changes.repository
                and placed.change = {{ column }}
        union all
    {%- endfor %}
    select
        placed.*,
        change_commits.change as change_id
    from placed
    inner join change_commits
        on
            placed.connection = change_commits.connection
            and placed.repository = change_commits.repository
            and placed.sha = change_commits.sha
    union all
    select
        placed.*,
        changes.source_id as change_id
    from placed
    inner join changes
        on
            placed.connection = changes.connection
            and placed.repository = changes.repository
            and placed.branch = changes.head_branch
            and coalesce(placed.started_at <= coalesce(changes.merged_at, changes.closed_at), true)
    where placed.change is null and placed.sha is null
    -- what is opened of the same branch once that change has ended is other work
    qualify
        coalesce(
            changes.created_at <= min(coalesce(changes.merged_at, changes.closed_at)) over (
                partition by
                    placed.session_connection,
                    placed.session,
                    placed.connection,
                    placed.repository,
                    placed.branch
            ),
            true
        )

),

evident as (

    select
        *,
        case method when 'vendor_record' then 'vendor_record' else 'session_link' end as evidence
    from found

)

select
    connection,
    change_id as change,
    tool,
    kind,
    evidence,
    min(started_at) as started_at
from evident
group by connection, change_id, tool, kind, evidence
