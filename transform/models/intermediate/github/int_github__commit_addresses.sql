{{ config(enabled=is_connector_enabled('github')) }}

with

pull_request_commits as (

    select * from {{ ref('stg_github__pull_request_commits') }}

),

commits as (

    select * from {{ ref('stg_github__commits') }}

),

seen as (

    select
        connection,
        sha,
        author_email_hash,
        author_id
    from pull_request_commits
    union
    select
        connection,
        sha,
        author_email_hash,
        author_id
    from commits

),

counted as (

    select
        connection,
        author_email_hash,
        author_id,
        count(distinct sha) as commit_count
    from seen
    where
        author_email_hash is not null
        and author_id is not null
    group by connection, author_email_hash, author_id

),

ranked as (

    select
        connection,
        author_email_hash as email_hash,
        author_id as account_id,
        commit_count,
        count(*) over (partition by connection, author_email_hash) = 1 as is_only_account,
        row_number() over (
            partition by connection, author_id order by commit_count desc, author_email_hash asc
        ) = 1 as is_main_address
    from counted

)

select * from ranked
