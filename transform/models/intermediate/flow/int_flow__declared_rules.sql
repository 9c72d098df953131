with

changes as (

    select * from {{ ref('int_flow__changes') }}

),

repositories as (

    select * from {{ ref('repositories') }}

),

repository_rules as (

    select * from {{ ref('stg_flowgauge__repository_rules') }}

),

declared as (

    select
        changes.change_key,
        repository_rules.required_approving_review_count,
        repository_rules.required_check_names
    from changes
    inner join repositories
        on
            changes.connection = repositories.connection
            and changes.repository = repositories.source_id
    inner join repository_rules
        on
            lower(repositories.name) = lower(repository_rules.repository_name)
            and changes.base_branch = coalesce(repository_rules.branch, changes.base_branch)
    qualify row_number() over (
        partition by changes.change_key
        order by case when repository_rules.branch is null then 2 else 1 end
    ) = 1

)

select * from declared
