with

change_commits as (

    select * from {{ ref('change_commits') }}

),

first_commits as (

    select
        connection,
        change,
        count(*) as commit_count,
        min(authored_at) as first_commit_authored_at
    from change_commits
    group by connection, change

)

select * from first_commits
