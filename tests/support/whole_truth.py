"""What trackers, pagers, product analytics and assistants tell of a company, held against its truth.

Rows of the one table in `truth`, for companies that are read through these vendors as well. What their data
cannot reveal is said in `reason`, or predicted: a ticket whose change nothing links stays in build.
"""

from support.comparison import Comparison

WHOLE_VIEWS = """
    -- some product events arrive two days late
    create macro told_until() as as_of() - interval 49 hour;

    create view shown_tickets as
    select
        tickets.work_item as ticket,
        tickets.team,
        tickets.feature,
        changes.change,
        coalesce(changes.is_ticket_shown, false) as is_linked,
        -- to the end of its change's flow
        coalesce(changes.is_ticket_shown and deliveries.outcome != 'not_linked', false) as is_followed,
        changes.created_at,
        changes.merged_at,
        deliveries.outcome,
        case when deliveries.outcome = 'linked' then changes.deployed_at end as deployed_at
    from truth.tickets as tickets
    left join shown_changes as changes on changes.ticket = tickets.ticket
    left join deliveries on deliveries.change = changes.change
    where is_read_by('jira');

    -- done in the tracker once the simulation says so, and in stages once its change is through
    create view ticket_visits as
    select flow_item as ticket, stage, visit_number, entered_at, exited_at, exit_reason
    from shown_visits
    where flow_item_type = 'work_item' and is_read_by('jira')
    union all
    select tickets.ticket, visits.stage, 1, visits.entered_at, visits.exited_at, visits.exit_reason
    from shown_tickets as tickets
    join shown_visits as visits
        on visits.flow_item_type = 'change' and visits.flow_item = tickets.change
    where visits.stage = 'adoption';

    create view ticket_ends as
    select
        flow_item as ticket,
        case when max_by(exit_reason, entered_at) != 'open' and max(exited_at) < as_of()
            then max(exited_at) end as closed_at,
        case when max_by(exit_reason, entered_at) != 'open' and max(exited_at) < as_of()
            then max_by(exit_reason, entered_at) else 'open' end as exit_reason
    from truth.stage_visits
    where flow_item_type = 'work_item' and entered_at < as_of()
    group by flow_item;

    -- a ticket whose change is through, or followed no further, is in build again until somebody closes it
    create view ticket_returns as
    select
        tickets.ticket,
        count(*) filter (visits.stage = 'build') + 1 as visit_number,
        case
            when any_value(tickets.outcome) = 'not_linked' then any_value(tickets.merged_at)
            when not bool_or(visits.exited_at is null) then max(visits.exited_at)
        end as entered_at,
        any_value(ends.closed_at) as exited_at,
        any_value(ends.exit_reason) as exit_reason
    from shown_tickets as tickets
    join ticket_visits as visits on visits.ticket = tickets.ticket
    join ticket_ends as ends on ends.ticket = tickets.ticket
    where tickets.is_linked
    group by tickets.ticket
    having coalesce(any_value(ends.closed_at) > entered_at, entered_at is not null);

    create view mart_tickets as
    select source_id::bigint as ticket, * from built.marts.fct_work_items
    where list_contains(connections(), connection);

    create view ambiguities as
    select account_key, ambiguity_key from built.marts.bridge_ambiguous_accounts
    where list_contains(connections(), connection);

    create view mart_incidents as
    select substr(source_id, 2)::bigint as incident, * from built.marts.fct_incidents
    where list_contains(connections(), connection);

    -- two pages are two incidents until somebody has merged them
    create view shown_incidents as
    select
        incidents.incident,
        min(pages.triggered_at) as triggered_at,
        case when incidents.acknowledged_at < as_of() then incidents.acknowledged_at end as acknowledged_at,
        (
            select max(resolved_at) from truth.resolutions as resolutions
            where
                resolutions.incident = incidents.incident
                and resolved_at < as_of()
                and coalesce(reopened_at >= as_of(), true)
        ) as resolved_at,
        incidents.service,
        incidents.mitigation,
        incidents.caused_by_deployment
    from truth.incidents as incidents
    join truth.pages as pages
        on
            pages.incident = incidents.incident
            and (pages.page = incidents.incident or pages.merged_at < as_of())
    where incidents.triggered_at < as_of() and is_read_by('pagerduty')
    group by all
    having bool_or(pages.page = incidents.incident and pages.triggered_at < as_of())
    union all
    select page, triggered_at, null, null, service, null, null
    from truth.pages
    where
        page != incident
        and triggered_at < as_of()
        and coalesce(merged_at >= as_of(), true)
        and is_read_by('pagerduty');

    -- the pager is told neither of the impact's beginning nor of its mitigation
    create view incident_visits as
    select
        incidents.incident,
        visits.stage,
        visits.visit_number,
        case when visits.visit_number = 1 and visits.stage = 'acknowledge' then incidents.triggered_at
            else visits.entered_at end as entered_at,
        case
            when visits.stage != 'mitigate' and visits.exited_at < as_of() then visits.exited_at
            when visits.stage = 'mitigate' then (
                select min(resolved_at) from truth.resolutions as resolutions
                where
                    resolutions.incident = incidents.incident
                    and resolved_at > visits.entered_at
                    and resolved_at < as_of()
            )
        end as exited_at
    from shown_incidents as incidents
    join truth.stage_visits as visits
        on visits.flow_item_type = 'incident' and visits.flow_item = incidents.incident
    where visits.entered_at < as_of()
    union all
    select incident, 'acknowledge', 1, triggered_at, null
    from shown_incidents
    where incident not in (select incident from truth.incidents);

    create view shown_item_handoffs as
    select
        * replace (
            case when accepted_at < as_of() then accepted_at end as accepted_at,
            case when settled_at < as_of() then settled_at end as settled_at,
            case when settled_at < as_of() then outcome else 'pending' end as outcome,
            case when accepted_at < as_of() then to_person end as to_person
        )
    from truth.item_handoffs
    where requested_at < as_of();

    create view mart_item_handoffs as
    select
        handoffs.*,
        givers.person as from_person,
        takers.person as to_person
    from built.marts.fct_handoffs as handoffs
    left join mart_persons as givers on givers.person_key = handoffs.from_person_key
    left join mart_persons as takers on takers.person_key = handoffs.to_person_key
    where handoffs.flow_item_type in ('work_item', 'incident');
"""


def _item_handoffs(flow_item_type: str, item: str, unobserved: str | None = None) -> Comparison:
    """Handoffs of items other than changes; the vendor tells nothing of the `unobserved` mechanism."""
    return Comparison(
        f"{flow_item_type.replace('_', ' ')} handoffs",
        truth=f"""
            select
                handoffs.mechanism as group_name,
                handoffs.flow_item as {item},
                handoffs.*,
                case when handoffs.mechanism = '{unobserved}' then 'not_observed' end as reason
            from shown_item_handoffs as handoffs
            join shown_{item}s as items on items.{item} = handoffs.flow_item
            where handoffs.flow_item_type = '{flow_item_type}'
        """,
        marts=f"""
            select handoffs.mechanism as group_name, items.{item}, handoffs.*
            from mart_item_handoffs as handoffs
            join mart_{item}s as items on items.{flow_item_type}_key = handoffs.flow_item_key
        """,
        key=(item, "mechanism", "from_role", "to_role", "round_number"),
        instants=("requested_at", "accepted_at", "settled_at"),
        values=("outcome", "from_person", "to_person"),
    )


WHOLE_COMPARISONS = (
    Comparison(
        "work item visits",
        truth="""
            select
                visits.stage as group_name,
                visits.ticket,
                visits.stage,
                visits.visit_number,
                visits.entered_at,
                case
                    when visits.stage = 'build' and not tickets.is_linked then ends.closed_at
                    else visits.exited_at
                end as exited_at,
                case
                    when visits.stage = 'build' and not tickets.is_linked then ends.exit_reason
                    when visits.exited_at >= returns.entered_at then 'returned'
                    else visits.exit_reason
                end as exit_reason,
                case
                    when visits.visit_number is null then 'unseen'
                    when visits.stage in ('decide', 'pull_wait') then null
                    when not tickets.is_linked and (visits.stage != 'build' or visits.visit_number > 1)
                        then 'not_linked'
                    when tickets.outcome = 'not_linked' and visits.entered_at >= tickets.merged_at
                        then 'not_linked'
                    when visits.stage in ('exposure_wait', 'adoption') and not are_flags_known()
                        then 'not_linked'
                end as reason
            from ticket_visits as visits
            join shown_tickets as tickets on tickets.ticket = visits.ticket
            join ticket_ends as ends on ends.ticket = visits.ticket
            left join ticket_returns as returns on returns.ticket = visits.ticket
            union all
            select 'build', ticket, 'build', visit_number, entered_at, exited_at, exit_reason, null
            from ticket_returns
        """,
        marts="""
            select visits.stage as group_name, tickets.ticket, visits.*
            from mart_visits as visits
            join mart_tickets as tickets on tickets.work_item_key = visits.flow_item_key
        """,
        key=("ticket", "stage", "visit_number"),
        instants=("entered_at", "exited_at"),
        values=("exit_reason",),
    ),
    Comparison(
        "work items",
        truth="""
            select
                case when tickets.is_linked then 'linked' else 'not linked' end as group_name,
                tickets.ticket,
                min(visits.entered_at) as created_at,
                min(visits.exited_at) filter (
                    visits.stage = 'decide' and visits.exit_reason = 'advanced'
                ) as ready_at,
                coalesce(
                    min(visits.entered_at) filter (visits.stage = 'build'),
                    any_value(ends.closed_at) filter (ends.exit_reason = 'advanced')
                ) as started_at,
                case when tickets.is_linked then tickets.created_at end as first_change_at,
                case when tickets.is_linked then tickets.deployed_at end as last_deployed_at,
                case
                    when
                        any_value(ends.exit_reason) = 'advanced'
                        and not (tickets.is_followed and bool_or(visits.exited_at is null))
                        then greatest(
                            any_value(ends.closed_at), max(visits.exited_at) filter (tickets.is_followed)
                        )
                end as done_at,
                any_value(ends.closed_at) filter (ends.exit_reason = 'abandoned') as rejected_at,
                null as reason
            from shown_tickets as tickets
            join ticket_visits as visits on visits.ticket = tickets.ticket
            join ticket_ends as ends on ends.ticket = tickets.ticket
            group by
                tickets.ticket,
                tickets.is_linked,
                tickets.is_followed,
                tickets.created_at,
                tickets.deployed_at
        """,
        marts="""
            select
                case when change_count > 0 then 'linked' else 'not linked' end as group_name,
                ticket,
                created_at,
                ready_at,
                started_at,
                first_change_at,
                last_deployed_at,
                done_at,
                rejected_at
            from mart_tickets
        """,
        key=("ticket",),
        instants=(
            "created_at",
            "ready_at",
            "started_at",
            "first_change_at",
            "last_deployed_at",
            "done_at",
            "rejected_at",
        ),
    ),
    _item_handoffs("work_item", "ticket"),
    Comparison(
        "incidents",
        truth="""
            select
                'incidents' as group_name,
                incident,
                triggered_at,
                acknowledged_at,
                resolved_at,
                service,
                null as reason
            from shown_incidents
        """,
        marts="""
            select
                'incidents' as group_name,
                incidents.incident,
                incidents.triggered_at,
                incidents.acknowledged_at,
                incidents.resolved_at,
                services.name as service
            from mart_incidents as incidents
            left join built.marts.dim_service as services using (service_key)
        """,
        key=("incident",),
        instants=("triggered_at", "acknowledged_at", "resolved_at"),
        values=("service",),
    ),
    Comparison(
        "incident visits",
        truth="""
            select
                stage as group_name,
                *,
                case when stage in ('detect', 'resolve') then 'not_observed' end as reason
            from incident_visits
        """,
        marts="""
            select visits.stage as group_name, incidents.incident, visits.*
            from mart_visits as visits
            join mart_incidents as incidents on incidents.incident_key = visits.flow_item_key
        """,
        key=("incident", "stage", "visit_number"),
        instants=("entered_at", "exited_at"),
    ),
    _item_handoffs("incident", "incident", unobserved="incident_resolution"),
    Comparison(
        "incident ↔ deployment",
        truth="""
            select mitigation as group_name, incident, caused_by_deployment as deployment, null as reason
            from shown_incidents
            where caused_by_deployment is not null
        """,
        marts="""
            select
                bridge.method || ' ' || bridge.confidence as group_name,
                incidents.incident,
                deployments.deployment
            from built.marts.bridge_incident_deployments as bridge
            join mart_incidents as incidents using (incident_key)
            join mart_deployments as deployments using (deployment_key)
        """,
        key=("incident", "deployment"),
    ),
    Comparison(
        "exposures",
        truth="""
            select
                case when tickets.feature is null then 'at once' else 'by flag' end as group_name,
                changes.change,
                case
                    when not changes.is_exposure_shown then changes.deployed_at
                    when changes.exposed_at < as_of() then changes.exposed_at
                end as exposed_at,
                null as reason
            from shown_changes as changes
            join deliveries on deliveries.change = changes.change and deliveries.outcome = 'linked'
            left join truth.tickets as tickets on tickets.ticket = changes.ticket
            where are_flags_known()
        """,
        marts="""
            select null as group_name, change, exposed_at
            from mart_changes
            where deployment_key is not null and are_flags_known()
        """,
        key=("change",),
        instants=("exposed_at",),
    ),
    Comparison(
        "features",
        truth="""
            select
                'features' as group_name,
                customers.feature,
                min(customers.first_used_at) filter (customers.first_used_at < told_until()) as first_used_at,
                count(*) as exposed_count,
                count(*) filter (customers.first_used_at < told_until()) as user_count,
                null as reason
            from truth.feature_customers as customers
            where customers.exposed_at < told_until() and are_flags_known()
            group by customers.feature
        """,
        marts="""
            select
                'features' as group_name,
                features.name as feature,
                min(adoptions.first_used_at) filter (adoptions.first_used_at < told_until()) as first_used_at,
                count(*) as exposed_count,
                count(*) filter (adoptions.first_used_at < told_until()) as user_count
            from built.marts.fct_feature_adoption as adoptions
            join built.marts.dim_feature as features using (feature_key)
            where
                adoptions.exposure_method = 'flag_evaluation'
                and adoptions.exposed_at < told_until()
                and features.name in (select feature from truth.features)
            group by features.name
        """,
        key=("feature",),
        instants=("first_used_at",),
        values=("exposed_count", "user_count"),
    ),
    Comparison(
        "assistants",
        truth="""
            select
                case when is_marked then 'marked' else 'unmarked' end as group_name,
                change,
                case when is_marked and author_person is null then 'agent_authored'
                    when is_marked then 'assisted' else 'unknown' end as assistant_level,
                null as reason
            from shown_changes
        """,
        marts="""
            select null as group_name, change, assistant_level
            from mart_changes
        """,
        key=("change",),
        values=("assistant_level",),
    ),
)
