"""What the definitions share: places and weeks of a company, its deployments and changes as of now."""

VIEWS = """
    create view places as
    select 'team' as scope, team_key as place_key, name as place
    from built.marts.dim_team
    where name in (select team from truth.account_owners)
    union all
    select 'service', service_key, name
    from built.marts.dim_service
    where name in (
        select service from truth.deployments
        union select service from truth.change_services
        union select service from truth.incidents
    )
    union all
    select 'repository', repository_key, source_id
    from built.marts.dim_repository
    where list_contains(connections(), connection);

    create macro week_of(instant) as
        date_trunc('week', timezone('Europe/Berlin', timezone('UTC', instant)))::date;

    create view weeks as
    select unnest(generate_series(week_of(start_at), week_of(as_of()), interval 7 day))::date as week_start
    from truth.run;

    create macro end_of(week) as
        timezone('UTC', timezone('Europe/Berlin', (week + interval 7 day)::timestamp));

    -- truth's own `is_redeploy` marks what is tried again after a failure, whether or not it was live
    create table told_deployments as
    with told as (
        select
            * exclude (is_redeploy) replace (
                case when started_at < as_of() then started_at end as started_at,
                case when finished_at < as_of() then finished_at end as finished_at,
                case when gate_decided_at < as_of() then gate_decided_at end as gate_decided_at,
                case
                    when finished_at >= as_of() or finished_at is null then 'running'
                    when status = 'failure' and started_at is null then 'rejected'
                    else status
                end as status
            )
        from truth.deployments
        where is_production and created_at < as_of()
    )
    select
        *,
        status = 'success' and coalesce(
            sha = lag(sha) over (partition by service, status = 'success' order by finished_at), false
        ) as is_redeploy
    from told;

    -- the first time that the change was ready: when it was first built to the end
    create table milestones as
    with builds as (
        select flow_item as change, min(exited_at) filter (exit_reason = 'advanced') as built_at
        from truth.stage_visits
        where flow_item_type = 'change' and stage = 'build'
        group by flow_item
    ),
    answers as (
        select events.change, events.occurred_at, events.kind
        from truth.review_events as events
        join truth.changes as changes on changes.change = events.change
        where
            events.kind in ('commented', 'reviewed')
            and events.actor_person is not null
            and events.actor_person is distinct from changes.author_person
            and events.occurred_at < as_of()
    ),
    requests as (
        select change, min(occurred_at) as requested_at
        from truth.review_events
        where kind = 'review_requested' and occurred_at < as_of()
        group by change
    ),
    ready as (
        select
            changes.*,
            case
                when builds.change is null then changes.created_at
                when builds.built_at < as_of() then builds.built_at
            end as ready_at,
            requests.requested_at as first_requested_at
        from shown_changes as changes
        left join builds on builds.change = changes.change
        left join requests on requests.change = changes.change
    ),
    answered as (
        select
            ready.*,
            deliveries.outcome as delivery,
            min(answers.occurred_at) filter (answers.occurred_at >= ready.ready_at) as picked_up_at,
            count(answers.occurred_at) filter (answers.kind = 'reviewed') as review_count,
            ready.author_person is null and not ready.is_marked as is_dependency_bot,
            reverts.merged_at as reverted_at
        from ready
        join deliveries on deliveries.change = ready.change
        left join answers on answers.change = ready.change
        left join shown_changes as reverts on reverts.reverts_change = ready.change
        group by all
    )
    select
        *,
        case
            when picked_up_at < first_requested_at then ready_at
            else greatest(ready_at, first_requested_at)
        end as pickup_started_at
    from answered;
"""
