"""Who is asked to review, how it is spread, and whether answers come in time."""

from support.metric_definitions.kit import at, figures
from support.simulated import EXACT

VIEWS = """
    -- what is asked while the change is built counts from when that is done
    create table told_requests as
    with people as (select distinct person, team from truth.account_owners where person is not null),
    answers as (
        select events.*, people.team as actor_team
        from truth.review_events as events
        join people on people.person = events.actor_person
        where events.kind in ('commented', 'reviewed') and events.occurred_at < as_of()
    ),
    asked as (
        select
            row_number() over (order by change, occurred_at) as request,
            *,
            lead(kind) over same_subject as next_kind,
            lead(occurred_at) over same_subject as next_at
        from truth.review_events
        where kind like 'review_request%' and occurred_at < as_of()
        window same_subject as (partition by change, asked_person, asked_team order by occurred_at)
    ),
    answered as (
        select
            asked.*,
            coalesce(asked.asked_team, owners.team) as asked_of,
            min(answers.occurred_at) as answered_at
        from asked
        left join answers
            on
                answers.change = asked.change
                and answers.occurred_at > asked.occurred_at
                and coalesce(answers.occurred_at < asked.next_at, true)
                and (answers.actor_person = asked.asked_person or answers.actor_team = asked.asked_team)
        left join people as owners on owners.person = asked.asked_person
        where asked.kind = 'review_requested'
        group by all
    )
    select
        answered.*,
        changes.repository,
        coalesce(
            (
                select min(builds.exited_at)
                from truth.stage_visits as builds
                where
                    builds.flow_item_type = 'change'
                    and builds.flow_item = answered.change
                    and builds.stage = 'build'
                    and builds.entered_at <= answered.occurred_at
                    and builds.exited_at > answered.occurred_at
            ),
            answered.occurred_at
        ) as requested_at,
        case
            when answered_at is not null then 'accepted'
            when next_kind = 'review_request_removed' then 'withdrawn'
            when next_kind = 'review_requested' then 'superseded'
            when coalesce(changes.merged_at, changes.closed_at) is not null then 'withdrawn'
            else 'pending'
        end as outcome,
        coalesce(answered_at, next_at, changes.merged_at, changes.closed_at) as settled_at
    from answered
    join shown_changes as changes on changes.change = answered.change;

    create macro worked_until(of_team, instant) as (
        select sum(epoch(least(closes_at, instant)) - epoch(opens_at))
        from truth.working_hours as hours
        where hours.team = of_team and opens_at < instant
    );
"""

REVIEW_SLA = """
    with waited as (
        select
            *,
            worked_until(asked_of, coalesce(settled_at, as_of())) - worked_until(asked_of, requested_at)
                as worked_seconds
        from told_requests
        where requested_at <= coalesce(settled_at, as_of())
    ),
    judged as (
        select
            *,
            case
                when worked_seconds > 8 * 3600 then 'breached'
                when outcome = 'accepted' then 'met'
                when outcome = 'pending' then 'running'
            end as sla_state
        from waited
    ),
    placed as (
        select *, 'team' as scope, asked_of as place from judged
        union all
        select *, 'repository', repository::varchar from judged
    )
    select
        scope,
        place,
        week_of(requested_at) as week_start,
        8 as sla_hours,
        count(*) as request_count,
        count(*) filter (outcome = 'accepted') as answered_count,
        count(*) filter (outcome in ('withdrawn', 'superseded')) as withdrawn_count,
        count(*) filter (outcome = 'pending') as pending_count,
        count(*) filter (sla_state = 'met') as met_count,
        count(*) filter (sla_state = 'breached') as breached_count,
        count(*) filter (sla_state = 'running') as running_count,
        count(*) filter (sla_state in ('met', 'breached')) as judged_count,
        case when judged_count >= 5 then met_count / judged_count end as met_share,
        end_of(any_value(week_of(requested_at))) <= as_of() and running_count = 0 as is_final
    from placed
    group by scope, place, week_of(requested_at)
"""

REVIEW_LOAD = """
    with requests as (
        select
            *,
            lag(outcome) over (partition by change, asked_person order by occurred_at) as previous_outcome
        from told_requests
        where asked_person is not null and requested_at <= coalesce(settled_at, as_of())
    ),
    loads as (
        select asked_of as place, week_of(requested_at) as week_start, asked_person, count(*) as request_count
        from requests
        where previous_outcome is distinct from 'superseded'
        group by all
    ),
    shared as (
        select
            place,
            week_start,
            sum(request_count)::bigint as requests,
            count(*) as reviewers,
            max(request_count) as most,
            list_sum(list_sort(list(request_count), 'DESC')[1:3]) as three_most,
            sum(request_count * request_count) as squares
        from loads
        group by all
    ),
    pending as (
        select
            asked_of as place,
            weeks.week_start,
            count(*) as pending_request_count,
            count(distinct asked_person) as pending_reviewer_count
        from requests
        join weeks
            on
                requests.requested_at < end_of(weeks.week_start)
                and coalesce(requests.settled_at >= end_of(weeks.week_start), true)
        group by all
    ),
    merged as (
        select
            team as place,
            week_of(merged_at) as week_start,
            count(*) as merged_change_count,
            count(*) filter (review_count = 0) as unreviewed_merge_count,
            count(*) filter (round_count >= 2) as repeated_review_count
        from milestones
        where merged_at is not null and not is_dependency_bot
        group by all
    ),
    -- a team that was asked and may still answer; a change that may still find a reviewer in time
    unsettled as (
        select requests.asked_of as place, week_of(requests.requested_at) as week_start
        from told_requests as requests
        join milestones as changes using (change)
        where
            requests.asked_team is not null
            and requests.outcome = 'pending'
            and requests.requested_at <= as_of()
            and not changes.is_dependency_bot
        union all
        select changes.team, week_of(changes.ready_at)
        from milestones as changes
        where
            not changes.is_dependency_bot
            and coalesce(changes.merged_at, changes.closed_at) is null
            and worked_until(changes.team, as_of()) - worked_until(changes.team, changes.ready_at) <= 8 * 3600
            and not exists (
                select 1 from told_requests as named
                where named.change = changes.change and named.asked_person is not null
            )
            and not exists (
                select 1 from truth.review_events as answers
                where
                    answers.change = changes.change
                    and answers.kind in ('commented', 'reviewed')
                    and answers.actor_person is distinct from changes.author_person
                    and answers.actor_person is not null
                    and answers.occurred_at < as_of()
            )
    )
    select
        place,
        week_start,
        coalesce(requests, 0) as request_count,
        case when requests >= 5 then reviewers end as reviewer_count,
        case when requests >= 5 then most / requests end as top1_share,
        case when requests >= 5 then three_most / requests end as top3_share,
        case when requests >= 5 then squares / (requests * requests) end as herfindahl_index,
        case when requests >= 5 then requests * requests / squares end as effective_reviewer_count,
        case when coalesce(requests, 0) < 5 then 'not_enough_data' end as top1_share_null_reason,
        coalesce(pending_request_count, 0) as pending_request_count,
        coalesce(pending_reviewer_count, 0) as pending_reviewer_count,
        coalesce(merged_change_count, 0) as merged_change_count,
        coalesce(unreviewed_merge_count, 0) as unreviewed_merge_count,
        coalesce(repeated_review_count, 0) as repeated_review_count,
        end_of(week_start) <= as_of() and (place, week_start) not in (from unsettled) as is_final
    from shared
    full join pending using (place, week_start)
    full join merged using (place, week_start)
"""


METRICS = (
    figures(
        "review_sla_weekly",
        REVIEW_SLA,
        """
        select *
        from built.metrics.review_sla_weekly as mart
        join places using (scope)
        where place_key = coalesce(team_key, repository_key)
        """,
        where=EXACT,
        key=("scope", "place", "week_start"),
    ),
    figures(
        "review_load_weekly",
        REVIEW_LOAD,
        f"select * from {at('review_load_weekly', 'team')}",
        where=EXACT,
        key=("place", "week_start"),
    ),
)
