{{ config(enabled=is_connector_enabled('github')) }}

with

shas as (

    select * from {{ ref('int_github__pull_request_shas') }}

),

pushes as (

    select * from {{ ref('stg_github__pushes') }}

),

timeline as (

    select * from {{ ref('stg_github__pull_request_timeline') }}

),

branch_pushes as (

    select
        *,
        case
            when before_sha = lag(after_sha) over (
                partition by connection, repository_id, branch order by occurred_at, push_id
            ) then 0
            else 1
        end as is_new_chain
    from pushes
    where
        activity_type in ('push', 'force_push', 'branch_creation')
        and after_sha is not null

),

chained as (

    select
        *,
        sum(is_new_chain) over (
            partition by connection, repository_id, branch
            order by occurred_at, push_id rows between unbounded preceding and current row
        ) as chain
    from branch_pushes

),

-- A push belongs to a pull request if its branch and one of its two commits do: forks name their branches as
-- they like, `main` included.
owned as (

    select distinct
        shas.connection,
        shas.pull_request_id,
        shas.created_at,
        shas.ended_at,
        chained.repository_id,
        chained.branch,
        chained.chain,
        chained.push_id
    from chained
    inner join shas
        on
            chained.connection = shas.connection
            and chained.repository_id = shas.repository_id
            and chained.branch = shas.head_branch
            and shas.sha in (chained.after_sha, chained.before_sha)

),

owned_chains as (

    select distinct
        connection,
        pull_request_id,
        created_at,
        ended_at,
        repository_id,
        branch,
        chain
    from owned

),

-- While it is open so do those that lead to one of its own, though all of their commits were rewritten since.
belonging as (

    select
        connection,
        pull_request_id,
        ended_at,
        push_id
    from owned
    union
    select
        owned_chains.connection,
        owned_chains.pull_request_id,
        owned_chains.ended_at,
        chained.push_id
    from owned_chains
    inner join chained
        on
            owned_chains.connection = chained.connection
            and owned_chains.repository_id = chained.repository_id
            and owned_chains.branch = chained.branch
            and owned_chains.chain = chained.chain
    where chained.occurred_at >= owned_chains.created_at

),

activities as (

    select
        belonging.connection,
        belonging.pull_request_id,
        belonging.pull_request_id || ':activity:' || chained.push_id as event_id,
        case when chained.activity_type = 'force_push' then 'force_pushed' else 'pushed' end as type,
        chained.occurred_at,
        chained.actor_id,
        chained.before_sha,
        chained.after_sha as sha,
        'activity' as method
    from belonging
    inner join chained
        on
            belonging.connection = chained.connection
            and belonging.push_id = chained.push_id
    where chained.occurred_at <= coalesce(belonging.ended_at, chained.occurred_at)

),

force_pushes as (

    select
        timeline.connection,
        timeline.pull_request_id,
        timeline.event_id,
        'force_pushed' as type,
        timeline.occurred_at,
        timeline.actor_id,
        timeline.before_sha,
        timeline.sha,
        'force_push_event' as method
    from timeline
    left join activities
        on
            timeline.connection = activities.connection
            and timeline.pull_request_id = activities.pull_request_id
            and timeline.sha = activities.sha
            and timeline.before_sha = activities.before_sha
    where
        timeline.event_type = 'HeadRefForcePushedEvent'
        and activities.event_id is null

),

united as (

    select * from activities
    union all
    select * from force_pushes

)

select * from united
