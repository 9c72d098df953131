with

work_item_changes as (

    select * from {{ ref('work_item_changes') }}

),

changes as (

    select * from {{ ref('changes') }}

),

repositories as (

    select * from {{ ref('repositories') }}

),

ticket_names as (

    select * from {{ ref('int_tracker__ticket_names') }}

),

mentions as (

    select * from {{ ref('int_tracker__mentions') }}

),

methods as (

    select * from {{ ref('work_item_link_methods') }}

),

links as (

    select
        connection,
        change,
        connection as work_item_connection,
        work_item,
        method
    from work_item_changes
    where change is not null
    union all
    select
        changes.connection,
        changes.source_id as change,
        work_item_changes.connection as work_item_connection,
        work_item_changes.work_item,
        work_item_changes.method
    from work_item_changes
    inner join repositories
        on lower(work_item_changes.change_repository) = lower(repositories.name)
    inner join changes
        on
            repositories.connection = changes.connection
            and repositories.source_id = changes.repository
            and work_item_changes.change_number = changes.number
    where work_item_changes.change is null
    union all
    select
        mentions.connection,
        mentions.change,
        ticket_names.connection as work_item_connection,
        ticket_names.work_item,
        mentions.method
    from mentions
    inner join ticket_names
        on mentions.name = ticket_names.name

)

select
    links.connection,
    links.change,
    links.work_item_connection,
    links.work_item,
    links.method,
    methods.confidence
from links
inner join methods
    on links.method = methods.method
qualify
    row_number() over (
        partition by links.connection, links.change, links.work_item_connection, links.work_item
        order by methods.method_rank
    ) = 1
