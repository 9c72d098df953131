"""Marts held against the truth of a simulated company: what is compared is a table of queries, not code.

Both queries of a `Comparison` give the same columns: a key, instants, values, and what to group by. Truth
also says in `reason` why the vendors' data cannot reveal a row; such rows are expected to be missing. All is
seen as of the instant that was shown; what truth knows of later times is cut off.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from support.comparison import Comparison
from support.whole_truth import WHOLE_COMPARISONS, WHOLE_VIEWS

from sandbox.calendar import DAY
from sandbox.posthog import ADOPTION_DAYS
from sandbox.posthog.export import LATE_SECONDS, Event

STAMP_SECONDS = 2
"""How far apart an instant that the vendor stamps may be from what happened, beside the injected skew."""


@dataclass(frozen=True)
class Agreement:
    """How far a group of rows agrees; counts are of rows, `worst_seconds` is the largest error of an instant.

    Attributes:
        knowable: rows of the truth that the vendors' data reveal.
        found: those of them that the marts have.
        unknowable: rows of the truth that they do not reveal.
        invented: rows of the marts that truth does not have, or that cannot be known.
        late: found rows of which an instant is further off than stamps and skew allow.
        wrong: found rows of which a value differs.
        median_seconds: median error of the instants.
    """

    name: str
    group: str
    knowable: int
    found: int
    unknowable: int
    invented: int
    late: int
    wrong: int
    median_seconds: float | None
    worst_seconds: float | None

    @property
    def recall(self) -> float:
        """Share of what can be known that was found."""
        return self.found / self.knowable if self.knowable else 1.0

    @property
    def precision(self) -> float:
        """Share of what the marts say that is so."""
        said = self.found + self.invented
        return self.found / said if said else 1.0


# What the first deployment ever seen of a service brought live may have been live before, unless it bears the
# very sha: such deliveries are censored, and with one of them unknown the change's first one is.
_TRUTH_VIEWS = """
    create macro is_read_by(name) as exists (
        from built.marts.dim_connection as present
        where list_contains(connections(), present.connection) and present.connector = name
    );

    create view shown_changes as
    select
        changes.* exclude (merged_at, deployed_at, flow_ended_at),
        -- by its key, or by hand in the tracker, which is done for every other change
        is_ticket_named or changes.change % 2 = 0 as is_ticket_shown,
        are_flags_known() and (ticket is null or is_ticket_named or changes.change % 2 = 0)
            as is_exposure_shown,
        -- an agent's task begins with its prompt, three minutes before its first commit
        is_read_by('copilot') and author_person is null and is_marked as is_task_shown,
        case when merged_at < as_of() then merged_at end as merged_at,
        closings.closed_at,
        case when deployed_at < as_of() then deployed_at end as deployed_at,
        case when flow_ended_at < as_of() then flow_ended_at end as flow_ended_at
    from truth.changes as changes
    left join truth.closings as closings
        on closings.change = changes.change
        and closings.closed_at < as_of()
        and coalesce(closings.reopened_at >= as_of(), true)
    where created_at < as_of();

    -- a tenth of those who have a feature, as of now: at full rollout these are all customers; who begins to
    -- use it later than it was declared does not count
    create view feature_adoptions as
    with reached as (
        select
            feature,
            case
                when max(exposed_at) < as_of() then (select count(*) from truth.customers)
                else count(*) filter (exposed_at < as_of())
            end as eligible_count
        from truth.feature_customers
        group by feature
    ),
    uses as (
        select
            feature,
            first_used_at as used_at,
            row_number() over (partition by feature order by first_used_at) as user_number
        from truth.feature_customers
        anti join late_uses using (feature, customer)
        where first_used_at < least(as_of(), exposed_at + to_days(adoption_days()))
    )
    select uses.feature, min(uses.used_at) as adopted_at
    from uses
    join reached on reached.feature = uses.feature
    where uses.user_number * 10 >= reached.eligible_count
    group by uses.feature;

    create view change_adoptions as
    select
        changes.change,
        changes.exposed_at,
        case when adoptions.adopted_at is not null then greatest(adoptions.adopted_at, changes.exposed_at) end
            as adopted_at
    from shown_changes as changes
    join truth.tickets as tickets on tickets.ticket = changes.ticket and tickets.feature is not null
    left join feature_adoptions as adoptions on adoptions.feature = tickets.feature
    where changes.exposed_at < as_of();

    -- over, by the clock of the machine that stamps the end, no later than they began
    create view unseen_visits as
    with ended as (
        select pushes.change, jobs.finished_at, max(jobs.skew_seconds) as skew_seconds
        from truth.pushes as pushes
        join truth.ci_jobs as jobs on jobs.sha = pushes.sha
        group by all
    ),
    items as (
        select 'change' as flow_item_type, change as flow_item, change from truth.changes
        union all
        select 'work_item', tickets.work_item, changes.change
        from truth.changes as changes
        join truth.tickets as tickets on tickets.ticket = changes.ticket
    )
    select visits.flow_item_type, visits.flow_item, visits.stage, visits.visit_number
    from truth.stage_visits as visits
    join items using (flow_item_type, flow_item)
    join ended on ended.change = items.change and ended.finished_at = visits.exited_at
    where
        visits.stage = 'ci'
        and ended.finished_at + to_seconds(ended.skew_seconds) <= visits.entered_at;

    -- visit_number is null where the visit is not seen, else as those that are seen are numbered
    create view shown_visits as
    select
        visits.flow_item_type,
        visits.flow_item,
        visits.stage,
        case
            when unseen.visit_number is null then
                visits.visit_number - count(unseen.visit_number) over (
                    partition by visits.flow_item_type, visits.flow_item, visits.stage
                    order by visits.visit_number
                )
        end as visit_number,
        visits.entered_at,
        case when visits.exited_at < as_of() then visits.exited_at end as exited_at,
        case when visits.exited_at < as_of() then visits.exit_reason else 'open' end as exit_reason
    from truth.stage_visits as visits
    left join unseen_visits as unseen using (flow_item_type, flow_item, stage, visit_number)
    where visits.entered_at < as_of() and visits.stage != 'adoption'
    union all
    select
        'change',
        change,
        'adoption',
        1,
        exposed_at,
        adopted_at,
        case when adopted_at is null then 'open' else 'advanced' end
    from change_adoptions
    where coalesce(exposed_at < adopted_at, true);

    create view service_deliveries as
    with successes as (
        select *, row_number() over (partition by service order by finished_at) = 1 as is_first
        from truth.deployments
        where is_production and status = 'success' and finished_at < as_of()
    )
    select
        links.change,
        links.service,
        min(successes.finished_at) as deployed_at,
        min_by(successes.is_first and successes.sha != changes.merge_sha, successes.finished_at)
            as is_censored
    from truth.deployment_changes as links
    join successes on successes.deployment = links.deployment
    join shown_changes as changes on changes.change = links.change
    group by all;

    create view deliveries as
    select
        changes.change,
        case
            when changes.delivery_state in ('superseded', 'not_applicable')
                and changes.flow_ended_at is not null
                then 'not_applicable'
            when censored.change is not null then 'not_linked'
            when changes.deployed_at is not null then 'linked'
            when changes.merged_at is null and changes.closed_at is not null then 'not_applicable'
            else 'not_yet'
        end as outcome
    from shown_changes as changes
    left join (select distinct change from service_deliveries where is_censored) as censored
        on censored.change = changes.change;
"""

# What the company's marts say, with the vendors' ids in place of keys.
_MART_VIEWS = """
    create view mart_changes as
    select source_id::bigint as change, * from built.marts.fct_changes
    where list_contains(connections(), connection);

    create view mart_visits as
    select stages.stage, visits.* exclude (stage_key)
    from built.marts.fct_stage_visits as visits
    join built.marts.dim_stage as stages using (stage_key);

    create view mart_deployments as
    select source_id::bigint as deployment, * from built.marts.fct_deployments
    where list_contains(connections(), connection);

    create view mart_accounts as
    select
        case accounts.connector
            when 'jira' then ('0x' || substr(accounts.source_id, 3))::bigint
            when 'pagerduty' then substr(accounts.source_id, 2)::bigint
            else try_cast(accounts.source_id as bigint)
        end as account,
        accounts.connector,
        people.account_key,
        people.person_key
    from built.marts.bridge_person_accounts as people
    join built.raw_flowgauge.person_accounts as stored using (account_key)
    join built.canonical.accounts as accounts
        on accounts.connection = stored.connection and accounts.source_id = stored.account
    where list_contains(connections(), accounts.connection);

    create view mart_persons as
    select person_key, min(person) as person
    from mart_accounts
    join truth.account_owners using (account)
    group by person_key;
"""

COMPARISONS = (
    Comparison(
        "stage visits",
        truth="""
            select
                visits.stage as group_name,
                visits.flow_item as change,
                visits.stage,
                visits.visit_number,
                case
                    when visits.stage = 'build' and visits.visit_number = 1 and changes.is_task_shown
                        then visits.entered_at - interval 180 second
                    else visits.entered_at
                end as entered_at,
                visits.exited_at,
                visits.exit_reason,
                case
                    when visits.visit_number is null then 'unseen'
                    when visits.stage in ('exposure_wait', 'adoption') and not changes.is_exposure_shown
                        then 'not_linked'
                    when deliveries.outcome = 'not_linked' and visits.entered_at >= changes.merged_at
                        then 'not_linked'
                end as reason
            from shown_visits as visits
            join shown_changes as changes on changes.change = visits.flow_item
            join deliveries on deliveries.change = visits.flow_item
            where visits.flow_item_type = 'change'
        """,
        marts="""
            select visits.stage as group_name, changes.change, visits.*
            from mart_visits as visits
            join mart_changes as changes on changes.change_key = visits.flow_item_key
        """,
        key=("change", "stage", "visit_number"),
        instants=("entered_at", "exited_at"),
        values=("exit_reason",),
    ),
    Comparison(
        "handoffs",
        truth="""
            select
                handoffs.mechanism || ' → ' || handoffs.to_role as group_name,
                handoffs.change,
                handoffs.mechanism,
                handoffs.from_role,
                handoffs.to_role,
                handoffs.round_number,
                handoffs.requested_at,
                case
                    when handoffs.mechanism = 'deployment' and not changes.is_exposure_shown
                        then handoffs.requested_at
                    when handoffs.accepted_at < as_of() then handoffs.accepted_at
                end as accepted_at,
                case
                    when handoffs.mechanism = 'deployment' and not changes.is_exposure_shown then 'accepted'
                    when handoffs.settled_at < as_of() then handoffs.outcome
                    when changes.closed_at is not null and changes.merged_at is null then 'withdrawn'
                    else 'pending'
                end as outcome,
                case
                    when handoffs.mechanism = 'deployment' and not changes.is_exposure_shown
                        then handoffs.requested_at
                    when handoffs.settled_at < as_of() then handoffs.settled_at
                    when changes.merged_at is null then changes.closed_at
                end as settled_at,
                handoffs.from_person,
                case
                    -- which person let a deployment pass is not told
                    when handoffs.mechanism = 'approval_gate' then null
                    when handoffs.accepted_at < as_of() then handoffs.to_person
                end as to_person,
                case
                    when deliveries.outcome = 'not_linked'
                        and handoffs.mechanism in ('merge', 'approval_gate', 'deployment')
                        then 'not_linked'
                end as reason
            from truth.handoffs as handoffs
            join deliveries on deliveries.change = handoffs.change
            join shown_changes as changes on changes.change = handoffs.change
            where
                handoffs.requested_at < as_of()
                and not (handoffs.outcome = 'kept' and handoffs.settled_at < as_of())
        """,
        marts="""
            select
                handoffs.mechanism || ' → ' || handoffs.to_role as group_name,
                changes.change,
                handoffs.mechanism,
                handoffs.from_role,
                handoffs.to_role,
                handoffs.round_number,
                handoffs.requested_at,
                handoffs.accepted_at,
                handoffs.outcome,
                handoffs.settled_at,
                givers.person as from_person,
                takers.person as to_person
            from built.marts.fct_handoffs as handoffs
            join mart_changes as changes on changes.change_key = handoffs.flow_item_key
            left join mart_persons as givers on givers.person_key = handoffs.from_person_key
            left join mart_persons as takers on takers.person_key = handoffs.to_person_key
            -- as its visit of adoption has it
            where handoffs.mechanism != 'flag_change'
        """,
        key=("change", "mechanism", "from_role", "to_role", "round_number"),
        instants=("requested_at", "accepted_at", "settled_at"),
        values=("outcome", "from_person", "to_person"),
    ),
    Comparison(
        "changes",
        truth="""
            select
                deliveries.outcome as group_name,
                changes.change,
                changes.created_at,
                changes.first_commit_authored_at,
                changes.merged_at,
                changes.closed_at,
                case when deliveries.outcome = 'linked' then changes.deployed_at end as deployed_at,
                deliveries.outcome as delivery,
                changes.author_person as author,
                null as reason
            from shown_changes as changes
            join deliveries on deliveries.change = changes.change
        """,
        marts="""
            select
                coalesce(changes.deployment_key_null_reason, 'linked') as group_name,
                changes.change,
                changes.created_at,
                changes.first_commit_authored_at,
                changes.merged_at,
                changes.closed_at,
                changes.deployed_at,
                coalesce(changes.deployment_key_null_reason, 'linked') as delivery,
                authors.person as author
            from mart_changes as changes
            left join mart_persons as authors on authors.person_key = changes.author_person_key
        """,
        key=("change",),
        instants=("created_at", "first_commit_authored_at", "merged_at", "closed_at", "deployed_at"),
        values=("delivery", "author"),
    ),
    Comparison(
        "pushes",
        truth="""
            select null as group_name, pushes.change, pushes.sha, pushes.pushed_at, null as reason
            from truth.pushes as pushes
            join shown_changes as changes on changes.change = pushes.change
            where pushes.pushed_at < as_of()
        """,
        marts="""
            select
                any_value(events.detail) as group_name,
                events.change::bigint as change,
                events.sha,
                min(events.occurred_at) as pushed_at
            from built.canonical.change_events as events
            where
                list_contains(connections(), events.connection)
                and events.type in ('pushed', 'force_pushed')
            group by all
        """,
        key=("change", "sha"),
        instants=("pushed_at",),
    ),
    Comparison(
        "deployments",
        truth="""
            select
                case when is_production then 'production' else 'other' end as group_name,
                deployment,
                created_at,
                case when started_at < as_of() then started_at end as started_at,
                case when finished_at < as_of() then finished_at end as finished_at,
                case when finished_at < as_of() then status end as status,
                environment,
                -- settings name the production environments of services only
                case when is_production then service end as service,
                is_production,
                -- going back to what is live already, as a second attempt may, deploys it once more
                case
                    when is_production and status = 'success' and finished_at < as_of()
                        then is_rollback and sha is distinct from lag(sha) over (
                            partition by environment, service, status order by finished_at
                        )
                end as is_rollback,
                null as reason
            from truth.deployments
            where created_at < as_of()
        """,
        marts="""
            select
                case when deployments.is_production then 'production' else 'other' end as group_name,
                deployments.deployment,
                deployments.created_at,
                deployments.started_at,
                deployments.finished_at,
                case deployments.status when 'cancelled' then 'failure' else deployments.status end as status,
                environments.name as environment,
                services.name as service,
                deployments.is_production,
                deployments.is_rollback
            from mart_deployments as deployments
            left join built.marts.dim_environment as environments using (environment_key)
            left join built.marts.dim_service as services using (service_key)
        """,
        key=("deployment",),
        instants=("created_at", "started_at", "finished_at"),
        values=("status", "environment", "service", "is_production", "is_rollback"),
    ),
    Comparison(
        "deployment ↔ change",
        truth="""
            select
                null as group_name,
                links.deployment,
                links.change,
                case
                    when first.is_censored and first.deployed_at = deployments.finished_at then 'not_linked'
                end as reason
            from truth.deployment_changes as links
            join truth.deployments as deployments using (deployment)
            join service_deliveries as first on first.change = links.change and first.service = links.service
            where deployments.finished_at < as_of()
        """,
        marts="""
            select
                bridge.method || ' ' || bridge.confidence as group_name,
                deployments.deployment,
                changes.change
            from built.marts.bridge_deployment_changes as bridge
            join mart_deployments as deployments using (deployment_key)
            join mart_changes as changes using (change_key)
            where deployments.is_production
        """,
        key=("deployment", "change"),
    ),
    Comparison(
        "accounts of one person",
        truth="""
            select
                one.connector || ' ' || other.connector as group_name,
                one.account_key as account,
                other.account_key as other_account,
                case when one.person_key != other.person_key then 'ambiguous' end as reason
            from mart_accounts as one
            join mart_accounts as other on other.account_key > one.account_key
            join truth.account_owners as owners on owners.account = one.account
            join truth.account_owners as others
                on others.account = other.account and others.person = owners.person
            where
                one.person_key = other.person_key
                or not exists (
                    from ambiguities as here
                    join ambiguities as there using (ambiguity_key)
                    where here.account_key = one.account_key and there.account_key = other.account_key
                )
        """,
        marts="""
            select
                one.connector || ' ' || other.connector as group_name,
                one.account_key as account,
                other.account_key as other_account
            from mart_accounts as one
            join mart_accounts as other
                on other.person_key = one.person_key and other.account_key > one.account_key
            where one.account is not null and other.account is not null
        """,
        key=("account", "other_account"),
    ),
    *WHOLE_COMPARISONS,
)


def compare(
    warehouse: Path,
    truth: Path,
    *,
    connections: Sequence[str],
    as_of: str,
    comparisons: Sequence[Comparison] = COMPARISONS,
) -> Iterator[Agreement]:
    """Hold what the warehouse says of these connections against a truth, as of an instant (UTC).

    Yields:
        one agreement per comparison and group.
    """
    with opened(warehouse, truth, connections=connections, as_of=as_of) as connection:
        for comparison in comparisons:
            yield from agreements(connection, comparison)


def shown_until(truth: Path) -> str:
    """Return the instant up to which the vendors showed what happened."""
    with duckdb.connect(str(truth), read_only=True) as connection:
        return str(connection.sql("select shown_until_at from run").fetchall()[0][0])


def opened(
    warehouse: Path, truth: Path, *, connections: Sequence[str], as_of: str
) -> duckdb.DuckDBPyConnection:
    """Open both sides together, read-only, with the views that comparisons use."""
    connection = duckdb.connect()
    connection.execute(f"attach '{warehouse}' as built (read_only)")
    connection.execute(f"attach '{truth}' as truth (read_only)")
    names = ", ".join(f"'{name}'" for name in connections)
    connection.execute(f"create macro connections() as [{names}]")
    connection.execute(f"create macro as_of() as timestamp '{as_of}'")
    connection.execute(f"create macro adoption_days() as {ADOPTION_DAYS}")
    connection.execute(
        "create macro are_flags_known() as exists "
        "(from built.canonical.feature_flags as flags where list_contains(connections(), flags.connection))"
    )
    _note_late_uses(connection)
    connection.execute(_TRUTH_VIEWS)
    connection.execute(_MART_VIEWS)
    connection.execute(WHOLE_VIEWS)
    return connection


def _note_late_uses(connection: duckdb.DuckDBPyConnection) -> None:
    """Note which first uses lay in no file yet: a file holds what arrived on a day that has ended."""
    rows = connection.execute(
        f"""
        select features.feature, features.key_event, customers.customer,
            epoch(customers.first_used_at)::bigint, epoch(as_of())::bigint
        from truth.feature_customers as customers
        join truth.features as features on features.feature = customers.feature
        where customers.first_used_at >= as_of() - to_seconds({LATE_SECONDS + DAY})
        """
    ).fetchall()
    late = [
        (feature, customer)
        for feature, key_event, customer, used_at, as_of in rows
        if Event(used_at, key_event, customer, "{}").received_at // DAY >= as_of // DAY
    ]
    connection.execute(
        "create table late_uses as select unnest(?::varchar[]) as feature, unnest(?::varchar[]) as customer",
        [[feature for feature, _ in late], [customer for _, customer in late]],
    )


def matched(comparison: Comparison) -> str:
    """Return a query of both sides' rows joined by key, with what is wrong with each."""
    key = ", ".join(comparison.key)
    errors = [f"abs(epoch(truth.{name}) - epoch(marts.{name}))" for name in comparison.instants]
    lost = [f"(truth.{name} is null) != (marts.{name} is null)" for name in comparison.instants]
    wrong = [
        f"truth.{name} is not null and truth.{name} is distinct from marts.{name}"
        for name in comparison.values
    ]
    return f"""
        with truth as ({comparison.truth}), marts as ({comparison.marts})
        select
            {key},
            coalesce(marts.group_name, truth.group_name, 'missing') as group_name,
            truth.reason,
            truth.{comparison.key[0]} is not null as in_truth,
            marts.{comparison.key[0]} is not null as in_marts,
            greatest({", ".join([*errors, "null"])}) as error_seconds,
            {" or ".join([*lost, "false"])} as is_lost,
            {" or ".join([*wrong, "false"])} as is_wrong,
            truth, marts
        from truth full join marts using ({key})
    """


def agreements(connection: duckdb.DuckDBPyConnection, comparison: Comparison) -> Iterator[Agreement]:
    """Yield how far each group of a comparison agrees."""
    rows = connection.execute(
        f"""
        with matched as ({matched(comparison)})
        select
            group_name,
            count(*) filter (in_truth and reason is null),
            count(*) filter (in_truth and in_marts and reason is null) as found,
            count(*) filter (in_truth and reason is not null),
            count(*) filter (in_marts and (not in_truth or reason is not null)),
            count(*) filter (in_truth and in_marts and reason is null and (error_seconds > {STAMP_SECONDS} +
                (select skew_seconds from truth.run) or is_lost)),
            count(*) filter (in_truth and in_marts and reason is null and is_wrong),
            median(error_seconds) filter (in_truth and in_marts and reason is null),
            max(error_seconds) filter (in_truth and in_marts and reason is null)
        from matched group by group_name order by group_name
        """
    ).fetchall()
    for row in rows:
        yield Agreement(comparison.name, *row)
