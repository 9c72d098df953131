with

commits as (

    select * from {{ ref('commits') }}

),

commit_changes as (

    select * from {{ ref('int_delivery__commit_changes') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

),

changes as (

    select * from {{ ref('int_flow__changes') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

first_changes as (

    select
        connection,
        repository,
        min(created_at) as first_change_at
    from changes
    group by connection, repository

)

select
    {{ surrogate_key('commit', 'commits.connection', 'commits.repository', 'commits.sha') }} as commit_key,
    commits.connection,
    {{ surrogate_key('repository', 'commits.connection', 'commits.repository') }} as repository_key,
    commits.sha,
    commits.authored_at,
    commits.committed_at,
    {{ known_key('accounts.person_key') }} as author_person_key,
    commits.parent_count > 1 as is_merge,
    commits.assistant_markers,
    commit_changes.change_key,
    case
        when commit_changes.change_key is not null then null
        when coalesce(commits.committed_at < first_changes.first_change_at, true) then 'not_observed'
        else 'not_applicable'
    end as change_key_null_reason,
    commit_changes.method as change_match_method
from commits
inner join horizons
    on commits.connection = horizons.connection
left join commit_changes
    on
        commits.connection = commit_changes.connection
        and commits.repository = commit_changes.repository
        and commits.sha = commit_changes.sha
left join accounts
    on
        commits.connection = accounts.connection
        and commits.author_account = accounts.account
left join first_changes
    on
        commits.connection = first_changes.connection
        and commits.repository = first_changes.repository
where
    commits.is_on_default_branch
    and coalesce(commits.committed_at <= horizons.events_until_at, true)
