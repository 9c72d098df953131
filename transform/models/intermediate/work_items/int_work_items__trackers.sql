with

work_items as (

    select * from {{ ref('work_items') }}

),

tracker_statuses as (

    select * from {{ ref('stg_flowgauge__tracker_statuses') }}

),

projects as (

    select distinct
        connection,
        project,
        project_key
    from work_items

),

-- one equality each: a condition with `or` would compare every project with every declaration
named as (

    select
        projects.connection,
        projects.project,
        tracker_statuses.connection as declared_connection,
        tracker_statuses.team,
        tracker_statuses.status,
        tracker_statuses.ticket_stage,
        tracker_statuses.valid_from,
        tracker_statuses.valid_to
    from projects
    inner join tracker_statuses
        on lower(projects.project) = lower(tracker_statuses.project)
    union distinct
    select
        projects.connection,
        projects.project,
        tracker_statuses.connection as declared_connection,
        tracker_statuses.team,
        tracker_statuses.status,
        tracker_statuses.ticket_stage,
        tracker_statuses.valid_from,
        tracker_statuses.valid_to
    from projects
    inner join tracker_statuses
        on lower(projects.project_key) = lower(tracker_statuses.project)

)

select
    connection,
    project,
    {{ surrogate_key('team', 'team') }} as team_key,
    lower(status) as status,
    ticket_stage,
    valid_from,
    valid_to
from named
where connection = declared_connection or declared_connection is null
qualify rank() over (
    partition by connection, project order by case when declared_connection is null then 1 else 0 end
) = 1
