"""Rules for the marts: conservation laws, and one meaning for each quantity.

Time is neither lost nor made between stages, counts agree from one mart to the next, and a duration is the
difference of its two milestones wherever it stands. What holds of any column of a kind (`_seconds`, `_at`,
`_null_reason`) is derived from the columns that the marts have, so that a new mart is covered as it comes.
"""

from collections.abc import Callable, Mapping, Sequence

from quality.suites.check import Catalogue, Check, Source, relations, sql, union

CHANGE_DURATIONS = {
    "coding_seconds": ("build_started_at", "created_at"),
    "time_to_merge_seconds": ("ready_at", "merged_at"),
    "created_to_merged_seconds": ("created_at", "merged_at"),
    "deployment_lead_seconds": ("merged_at", "deployed_at"),
    "change_lead_seconds": ("first_commit_authored_at", "deployed_at"),
    "change_lead_from_merge_seconds": ("merged_at", "deployed_at"),
}
"""Duration of `fct_changes` → the milestones that it lies between."""

OTHER_DURATIONS = {
    "fct_ci_runs": {
        "queue_seconds": ("queued_at", "started_at"),
        "run_seconds": ("started_at", "finished_at"),
    },
    "fct_ci_jobs": {
        "queue_seconds": ("queued_at", "started_at"),
        "run_seconds": ("started_at", "finished_at"),
    },
    "fct_deployments": {"execution_seconds": ("started_at", "finished_at")},
    "fct_stage_visits": {"calendar_seconds": ("entered_at", "exited_at")},
    "fct_handoffs": {"wait_calendar_seconds": ("requested_at", "accepted_at")},
    "fct_work_items": {
        "decision_seconds": ("created_at", "ready_at"),
        "start_wait_seconds": ("ready_at", "started_at"),
        "start_to_deploy_seconds": ("started_at", "last_deployed_at"),
        "idea_to_deploy_seconds": ("created_at", "last_deployed_at"),
        "idea_to_exposure_seconds": ("created_at", "exposed_at"),
        "idea_to_adoption_seconds": ("created_at", "adopted_at"),
    },
    "fct_incidents": {
        "time_to_detect_seconds": ("started_at", "triggered_at"),
        "time_to_acknowledge_seconds": ("triggered_at", "acknowledged_at"),
        "time_to_mitigate_seconds": ("coalesce(started_at, triggered_at)", "mitigated_at"),
        "time_to_resolve_seconds": ("coalesce(started_at, triggered_at)", "resolved_at"),
    },
    "fct_feature_adoption": {"adoption_lag_seconds": ("exposed_at", "first_used_at")},
    "fct_review_requests": {"wait_calendar_seconds": ("requested_at", "responded_at")},
}

STAGE_DURATIONS = ("review_wait", "review", "rework", "merge_wait")
"""Stages whose visits `fct_changes` sums up in `<stage>_seconds`."""

MIRRORS = {
    "fct_changes": ("changes", "created_at"),
    "fct_ci_runs": ("ci_runs", "coalesce(queued_at, started_at, finished_at)"),
    "fct_ci_jobs": ("ci_jobs", "coalesce(queued_at, started_at, finished_at)"),
    "fct_deployments": ("deployments", "created_at"),
    "fct_work_items": ("work_items", "created_at"),
    "fct_releases": ("releases", "coalesce(published_at, timestamp '1970-01-01')"),
}
"""Mart → the canonical relation that it has the grain of, and the instant from which its rows exist."""

_AS_OF = "(select max_by(as_of, started_at) from raw_flowgauge.runs)"


def checks(_sources: Sequence[Source]) -> tuple[Check, ...]:
    """All rules; marts are the same whatever the connectors."""
    return _CONSERVATION + _COUNTS + _DURATIONS + _HANDOFFS_AND_LINKS


def _seconds(start: str, end: str) -> str:
    return f"date_diff('second', {start}, {end})"


def _rows_differ_from_canonical(_catalogue: Catalogue) -> str:
    counted = union(
        (
            f"select '{mart}' as mart, (select count(*) from marts.{mart}) as mart_count,"
            f" (select count(*) from canonical.{relation} as canonical_rows"
            " left join horizons on canonical_rows.connection = horizons.connection"
            f" where {instant} <= coalesce(horizons.known_until_at, {_AS_OF})) as canonical_count"
            for mart, (relation, instant) in MIRRORS.items()
        ),
        "no mart",
    )
    return f"""
with horizons as (
    select connection, least({_AS_OF}, loaded_through_at) as known_until_at from raw_flowgauge.connections
)
select * from ({counted}) as counted where mart_count <> canonical_count
"""


def _durations_redefined(_catalogue: Catalogue) -> str:
    durations = {"fct_changes": CHANGE_DURATIONS, **OTHER_DURATIONS}
    return union(
        (
            f"select '{mart}' as mart, '{duration}' as measure, {start} as started_at, {end} as ended_at,"
            f" {duration} as seconds from marts.{mart}"
            f" where {duration} is not null and {duration} is distinct from {_seconds(start, end)}"
            for mart, measures in durations.items()
            for duration, (start, end) in measures.items()
        ),
        "no duration",
    )


def _columns(catalogue: Catalogue, suffix: str, schema: str = "marts") -> list[tuple[str, str]]:
    return [
        (relation, column)
        for relation in relations(catalogue, schema)
        for column in catalogue[relation]
        if column.endswith(suffix)
    ]


def _negative_seconds(catalogue: Catalogue) -> str:
    return union(
        (
            f"select '{relation}' as relation, '{column}' as measure, count(*) as row_count,"
            f" min({column}) as least from {relation} where {column} < 0 having count(*) > 0"
            for relation, column in _columns(catalogue, "_seconds")
        ),
        "no mart with seconds",
    )


def unreasoned_nulls(catalogue: Catalogue, schema: str = "marts") -> str:
    """Rows in which a measure of the schema is null without a reason, or the reverse, by relation."""
    reasoned = [
        (relation, reason.removesuffix("_null_reason"), reason)
        for relation, reason in _columns(catalogue, "_null_reason", schema)
    ]
    return union(
        (
            f"select '{relation}' as relation, '{measure}' as measure, {reason} as reason,"
            f" count(*) as row_count from {relation}"
            f" where ({measure} is null) <> ({reason} is not null) group by {reason}"
            for relation, measure, reason in reasoned
            if measure in catalogue[relation]
        ),
        "no mart with null reasons",
    )


REASONS: Mapping[str, tuple[str, ...]] = {
    "marts": ("not_yet", "not_applicable", "not_linked", "not_observed", "impossible"),
    "metrics": (
        *("not_yet", "not_applicable", "not_observed", "not_exposed"),
        *("not_linked", "not_enough_data", "not_reached"),
    ),
}
"""What may be said of an empty value, by schema."""


def unknown_reasons(catalogue: Catalogue, schema: str = "marts") -> str:
    """Reasons of the schema's null values that are none of those explained to readers, by relation."""
    known = ", ".join(f"'{reason}'" for reason in REASONS[schema])
    return union(
        (
            f"select '{relation}' as relation, {reason} as reason, count(*) as row_count"
            f" from {relation} where {reason} not in ({known}) group by {reason}"
            for relation, reason in _columns(catalogue, "_null_reason", schema)
        ),
        "no mart with null reasons",
    )


_NOT_FACTS = ("rejected_at", "due_at")
"""When the kit set a row aside, which may be while `as_of` is fixed, and what is planned."""


def _later_than_as_of(catalogue: Catalogue) -> str:
    return union(
        (
            f"select '{relation}' as relation, '{column}' as column_name, count(*) as row_count,"
            f" max({column}) as latest_at from {relation} where {column} > {_AS_OF} having count(*) > 0"
            for relation, column in _columns(catalogue, "_at")
            if relation.startswith("marts.fct_") and not column.endswith(_NOT_FACTS)
        ),
        "no fact with instants",
    )


def _unquarantined(catalogue: Catalogue) -> str:
    return union(
        (
            f"select '{relation}' as relation, '{measure}' as measure, facts.{key} as item_key"
            f" from {relation} as facts where facts.{measure}_null_reason = 'impossible'"
            f" and not exists (select 1 from marts.fct_rejected_rows as rejected"
            f" where rejected.item_key = facts.{key} and rejected.measure = '{measure}')"
            for relation, reason in _columns(catalogue, "_null_reason")
            for measure, key in [(reason.removesuffix("_null_reason"), catalogue[relation][0])]
        ),
        "no mart with null reasons",
    )


def _stage_sums_differ(_catalogue: Catalogue) -> str:
    compared = union(
        (
            f"select change_key, '{stage}_seconds' as measure, {stage}_seconds as seconds,"
            f" coalesce(visits.seconds, 0) as visit_seconds from marts.fct_changes as changes"
            " left join visits on changes.change_key = visits.flow_item_key"
            f" and visits.stage_key = md5('stage|{stage}')"
            for stage in STAGE_DURATIONS
        ),
        "no stage",
    )
    return f"""
with visits as (
    select flow_item_key, stage_key, sum(calendar_seconds) as seconds
    from marts.fct_stage_visits
    where flow_item_type = 'change'
    group by flow_item_key, stage_key
)
select * from ({compared}) as compared where seconds is not null and seconds <> visit_seconds
"""


def _unevidenced_links(catalogue: Catalogue) -> str:
    bridges = relations(catalogue, "marts", "method", "confidence")
    return union(
        (
            f"select '{relation}' as relation, method, confidence::text as confidence, count(*) as row_count"
            f" from {relation} where {linked} and (method is null or confidence is null) group by all"
            for relation in bridges
            for linked in ["deployed_at is not null" if "deployed_at" in catalogue[relation] else "true"]
        ),
        "no bridge with method and confidence",
    ) + (
        "\nunion all\nselect 'marts.fct_changes' as relation, deployment_match_method as method,"
        " deployment_match_confidence::text as confidence, count(*) as row_count from marts.fct_changes"
        " where deployed_at is not null"
        " and (deployment_match_method is null or deployment_match_confidence is null) group by all"
    )


def _check(
    mart: str, name: str, description: str, breaches: str | Callable[[Catalogue], str], *, warns: bool = False
) -> Check:
    built = sql(breaches) if isinstance(breaches, str) else breaches
    return Check(f"marts.{mart}", name, "warning" if warns else "blocking", description, built)


_CONSERVATION = (
    _check(
        "fct_stage_visits",
        "stage_seconds_sum_to_elapsed",
        "The visits of a finished change and its closed seconds make up the time from build start to the "
        "flow's end: no second is lost or counted twice.",
        f"""
with visits as (
    select
        flow_item_key, max(exited_at) as ended_at, sum(calendar_seconds) as seconds,
        bool_or(exited_at is null) as is_open
    from marts.fct_stage_visits
    where flow_item_type = 'change'
    group by flow_item_key
),
finished as (
    select
        changes.change_key, changes.build_started_at, changes.closed_seconds,
        coalesce(visits.ended_at, changes.closed_at) as ended_at, coalesce(visits.seconds, 0) as stage_seconds
    from marts.fct_changes as changes
    left join visits on changes.change_key = visits.flow_item_key
    where changes.state <> 'open' and not coalesce(visits.is_open, false)
)
select *, {_seconds("build_started_at", "ended_at")} as elapsed_seconds
from finished
where stage_seconds + coalesce(closed_seconds, 0) is distinct from {_seconds("build_started_at", "ended_at")}
""",
    ),
    _check(
        "fct_stage_visits",
        "flows_end_at_their_milestone",
        "The last visit of a change that was closed ends when it was closed, of a deployed one when it was "
        "exposed and adopted, as far as that can be told, of any merged one not before its merge.",
        """
with visits as (
    select
        flow_item_key, max(exited_at) as ended_at, bool_or(exited_at is null) as is_open,
        bool_or(stage_key = md5('stage|exposure_wait')) as is_flagged
    from marts.fct_stage_visits
    where flow_item_type = 'change'
    group by flow_item_key
)
select
    changes.change_key, changes.state, changes.merged_at, changes.closed_at, changes.deployed_at,
    changes.exposed_at, changes.adopted_at, visits.ended_at
from marts.fct_changes as changes
inner join visits on changes.change_key = visits.flow_item_key
where case
    when changes.state = 'open' then not visits.is_open
    when changes.state = 'closed' then visits.is_open or visits.ended_at > changes.closed_at
    when changes.deployed_at is not null
        then visits.is_open <> case
                when changes.exposed_at_null_reason = 'not_observed' then visits.is_flagged
                else changes.exposed_at is null or changes.adopted_at_null_reason = 'not_yet'
            end
            or not visits.is_open and visits.ended_at
                <> greatest(changes.merged_at, changes.deployed_at, changes.exposed_at, changes.adopted_at)
    else visits.ended_at < changes.merged_at and not visits.is_open
end
""",
    ),
    _check(
        "fct_stage_visits",
        "item_seconds_sum_to_elapsed",
        "The visits of a finished ticket or incident and the time in which it was closed make up the time "
        "from its start to its end.",
        f"""
with visits as (
    select flow_item_key, sum(calendar_seconds) as seconds
    from marts.fct_stage_visits
    where flow_item_type in ('work_item', 'incident')
    group by flow_item_key
),
finished as (
    select
        work_item_key as flow_item_key, created_at as started_at, coalesce(done_at, rejected_at) as ended_at,
        closed_seconds
    from marts.fct_work_items
    union all
    select incident_key, least(started_at, triggered_at), resolved_at, closed_seconds
    from marts.fct_incidents
)
select finished.*, visits.seconds as stage_seconds
from finished
left join visits using (flow_item_key)
where ended_at is not null
    and coalesce(visits.seconds, 0) + closed_seconds is distinct from {_seconds("started_at", "ended_at")}
""",
    ),
    _check(
        "fct_stage_visits",
        "visits_belong_to_known_items",
        "Each visit and each handoff is that of a change, ticket, feature or incident with a row of its own.",
        """
with items as (
    select 'change' as flow_item_type, change_key as flow_item_key from marts.fct_changes
    union all
    select 'work_item', work_item_key from marts.fct_work_items
    union all
    select 'feature', feature_key from marts.dim_feature
    union all
    select 'incident', incident_key from marts.fct_incidents
),
flows as (
    select 'fct_stage_visits' as mart, flow_item_type, flow_item_key from marts.fct_stage_visits
    union all
    select 'fct_handoffs', flow_item_type, flow_item_key from marts.fct_handoffs
)
select flows.* from flows
anti join items using (flow_item_type, flow_item_key)
""",
    ),
    _check(
        "fct_stage_visits",
        "visits_do_not_overlap",
        "An item is in one stage at a time: each visit ends by the time the next begins, and only the last "
        "is open.",
        """
with ordered as (
    select
        flow_item_type, flow_item_key, stage_key, entered_at, exited_at,
        lead(entered_at) over (
            partition by flow_item_type, flow_item_key order by entered_at, exited_at nulls last
        ) as next_entered_at
    from marts.fct_stage_visits
)
select * from ordered
where next_entered_at is not null and (exited_at is null or exited_at > next_entered_at)
""",
    ),
    _check(
        "fct_stage_visits",
        "visits_have_length",
        "No visit has zero length, and a visit is open exactly while it has no end.",
        """
select stage_visit_key, flow_item_key, stage_key, entered_at, exited_at, is_open
from marts.fct_stage_visits
where exited_at <= entered_at or is_open <> (exited_at is null)
""",
    ),
    _check(
        "fct_stage_visits",
        "equal_neighbours_are_one_visit",
        "A visit is followed by another stage, or by an interval in which the item was closed.",
        """
with ordered as (
    select
        flow_item_key, stage_key, exited_at,
        lead(stage_key) over visits as next_stage_key,
        lead(entered_at) over visits as next_entered_at
    from marts.fct_stage_visits
    window visits as (partition by flow_item_type, flow_item_key order by entered_at)
)
select * from ordered where stage_key = next_stage_key and exited_at = next_entered_at
""",
    ),
    _check(
        "fct_flow_daily",
        "arrivals_less_exits_equal_wip",
        "On each day, all arrivals so far less all departures and abandonments are the items in progress.",
        """
with running as (
    select
        *,
        sum(arrivals - departures - abandonments) over (
            partition by flow_item_type, stage_key, team_key, service_key, repository_key order by date_day
        ) as expected_wip
    from marts.fct_flow_daily
)
select flow_item_type, stage_key, team_key, service_key, repository_key, date_day, wip_open, expected_wip
from running
where wip_open is distinct from expected_wip
""",
    ),
    _check(
        "fct_flow_daily",
        "daily_flow_counts_each_visit",
        "The days' arrivals are the visits, their departures and abandonments the visits that ended.",
        """
with daily as (
    select
        flow_item_type, stage_key, sum(arrivals) as arrivals, sum(departures) as departures,
        sum(abandonments) as abandonments
    from marts.fct_flow_daily
    group by flow_item_type, stage_key
),
visits as (
    select
        flow_item_type, stage_key, count(*) as arrivals,
        count(*) filter (where exited_at is not null and exit_reason <> 'abandoned') as departures,
        count(*) filter (where exited_at is not null and exit_reason = 'abandoned') as abandonments
    from marts.fct_stage_visits
    group by flow_item_type, stage_key
)
select
    flow_item_type, stage_key, daily.arrivals, visits.arrivals as visits_entered, daily.departures,
    visits.departures as visits_left, daily.abandonments, visits.abandonments as visits_abandoned
from visits
full outer join daily using (flow_item_type, stage_key)
where daily.arrivals is distinct from visits.arrivals
    or daily.departures is distinct from visits.departures
    or daily.abandonments is distinct from visits.abandonments
""",
    ),
)

_COUNTS = (
    _check(
        "fct_changes",
        "rows_equal_canonical",
        "Each fact has one row for each row of the canonical relation whose grain it has, up to `as_of`.",
        _rows_differ_from_canonical,
    ),
    _check(
        "fct_rejected_rows",
        "impossible_measures_are_quarantined",
        "Each measure that is null because it is impossible has its row in fct_rejected_rows.",
        _unquarantined,
    ),
    _check(
        "fct_changes",
        "facts_are_not_later_than_as_of",
        "No fact tells of an instant after `as_of`: what happened since waits for the next run, and a clock "
        "that was ahead shows here.",
        _later_than_as_of,
        warns=True,
    ),
)

_DURATIONS = (
    _check(
        "fct_changes",
        "durations_are_defined_once",
        "A duration that is known is the difference of its two milestones, in every mart that has it.",
        _durations_redefined,
    ),
    _check(
        "fct_changes",
        "stage_durations_equal_visits",
        "The seconds that a change spent in a stage are the sum of its visits there.",
        _stage_sums_differ,
    ),
    _check(
        "fct_changes",
        "seconds_are_not_negative",
        "No measure of time is negative: impossible ones are null, with their reason.",
        _negative_seconds,
    ),
    _check(
        "fct_changes",
        "nulls_have_reasons",
        "A measure with a null reason has one exactly where it is null.",
        unreasoned_nulls,
    ),
    _check(
        "fct_changes",
        "reasons_are_known",
        f"A null reason is one of {', '.join(REASONS['marts'])}.",
        unknown_reasons,
    ),
    _check(
        "fct_stage_visits",
        "business_seconds_fit_in_calendar_seconds",
        "Working time is part of the time that passed.",
        """
select flow_item_key, stage_key, entered_at, exited_at, calendar_seconds, business_seconds
from marts.fct_stage_visits
where business_seconds > calendar_seconds
""",
    ),
)

_HANDOFFS_AND_LINKS = (
    _check(
        "fct_handoffs",
        "handoffs_are_consistent",
        "A handoff goes from one role to another, save an escalation within operations, and between two "
        "people, and has a time of acceptance exactly where its outcome is accepted.",
        """
select handoff_key, mechanism, from_role, to_role, requested_at, accepted_at, outcome
from marts.fct_handoffs
where (from_role = to_role and mechanism <> 'incident_escalation')
    or (outcome = 'accepted') <> (accepted_at is not null)
    or (from_person_key = to_person_key and from_person_key <> md5('unknown'))
""",
    ),
    _check(
        "fct_handoffs",
        "returns_reverse_the_handoff_before",
        "A handoff that is a return goes back the way that an earlier one of its item came.",
        """
select
    return_handoffs.handoff_key, return_handoffs.flow_item_key, return_handoffs.from_role,
    return_handoffs.to_role
from marts.fct_handoffs as return_handoffs
where return_handoffs.is_return and not exists (
    select 1 from marts.fct_handoffs as earlier
    where earlier.flow_item_key = return_handoffs.flow_item_key
        and earlier.from_role = return_handoffs.to_role
        and earlier.to_role = return_handoffs.from_role
        and earlier.requested_at <= return_handoffs.requested_at
)
""",
    ),
    _check(
        "bridge_ambiguous_accounts",
        "accounts_belong_to_one_person",
        "No account may belong to a person that it is not counted for: `identities` in the settings decide.",
        """
select ambiguity_key, reason, count(*) as account_count
from marts.bridge_ambiguous_accounts
group by ambiguity_key, reason
""",
        warns=True,
    ),
    _check(
        "fct_feature_adoption",
        "customers_adopt_what_they_were_shown",
        "A customer uses a feature after it was shown, adopts it after the first use, and a feature counts "
        "its adopters among those who count.",
        """
with counted as (
    select
        feature_key, count(*) filter (where is_eligible) as eligible_count,
        count(adopted_at) filter (where is_eligible) as adopter_count
    from marts.fct_feature_adoption
    group by feature_key
)
select feature_key, 'order' as breach, count(*) as row_count
from marts.fct_feature_adoption
where first_used_at < exposed_at or adopted_at < first_used_at
    or (adopted_at is not null and first_used_at is null)
group by feature_key
union all
select dim_feature.feature_key, 'count' as breach, dim_feature.adopter_count
from marts.dim_feature
left join counted using (feature_key)
where dim_feature.eligible_count <> coalesce(counted.eligible_count, 0)
    or dim_feature.adopter_count <> coalesce(counted.adopter_count, 0)
""",
    ),
    _check(
        "bridge_deployment_changes",
        "links_have_method_and_confidence",
        "Each link between a deployment and a change says by which method it was found and how surely.",
        _unevidenced_links,
    ),
)
