{{ config(materialized='table') }}

with

changes as (

    select * from {{ ref('changes') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

opening_modes as (

    select * from {{ ref('int_flow__opening_modes') }}

),

first_commits as (

    select * from {{ ref('int_flow__first_commits') }}

),

first_prompts as (

    select * from {{ ref('int_assistants__first_prompts') }}

),

accounts as (

    select * from {{ ref('int_people__accounts') }}

),

known as (

    select
        {{ surrogate_key('change', 'changes.connection', 'changes.source_id') }} as change_key,
        {{ surrogate_key('repository', 'changes.connection', 'changes.repository') }} as repository_key,
        changes.connection,
        changes.source_id as change,
        changes.repository,
        changes.number,
        authors.person_key as author_person_key,
        authors.kind as author_kind,
        mergers.person_key as merger_person_key,
        coalesce(mergers.is_human, false) as is_merged_by_human,
        changes.created_at,
        case when changes.merged_at <= horizons.events_until_at then changes.merged_at end as merged_at,
        case when changes.closed_at <= horizons.events_until_at then changes.closed_at end as closed_at,
        opening_modes.is_opened_as_draft,
        coalesce(changes.is_draft, false) as is_draft,
        changes.base_branch,
        changes.head_sha,
        changes.merge_sha,
        changes.additions,
        changes.deletions,
        changes.changed_file_count,
        coalesce(first_commits.commit_count, 0) as commit_count,
        first_commits.first_commit_authored_at,
        first_prompts.first_prompt_at,
        first_prompts.prompt_evidence,
        least(
            changes.created_at, first_commits.first_commit_authored_at, first_prompts.session_started_at
        ) as build_started_at,
        case
            when
                first_prompts.session_started_at
                < least(changes.created_at, first_commits.first_commit_authored_at)
                then 'session'
            when first_commits.first_commit_authored_at < changes.created_at then 'first_commit'
            else 'created'
        end as build_start_evidence,
        changes.reverts_sha,
        changes.reverts_number,
        changes.assistant_markers,
        horizons.events_until_at
    from changes
    inner join horizons
        on changes.connection = horizons.connection
    inner join opening_modes
        on
            changes.connection = opening_modes.connection
            and changes.source_id = opening_modes.change
    left join first_commits
        on
            changes.connection = first_commits.connection
            and changes.source_id = first_commits.change
    left join first_prompts
        on
            changes.connection = first_prompts.connection
            and changes.source_id = first_prompts.change
    left join accounts as authors
        on
            changes.connection = authors.connection
            and changes.author_account = authors.account
    left join accounts as mergers
        on
            changes.connection = mergers.connection
            and changes.merged_by_account = mergers.account
    where changes.created_at <= horizons.events_until_at

)

select * from known
