"""How much of what can be null was observed."""

from support.metric_definitions.kit import TRUTHS, figures
from support.simulated import ALL

COVERAGE = """
    with reasons as (
        select 'fct_changes' as mart,
            unnest(['deployment_key', 'change_lead_seconds', 'change_lead_from_merge_seconds',
                'deployment_lead_seconds']) as measure,
            case delivery when 'linked' then 'observed' else delivery end as reason
        from milestones
        union all
        select 'fct_changes', unnest(['created_to_merged_seconds', 'time_to_merge_seconds']),
            case when merged_at is not null then 'observed' when closed_at is not null then 'not_applicable'
                else 'not_yet' end
        from milestones
        union all
        select 'fct_changes', 'pickup_seconds',
            case when picked_up_at is not null then 'observed'
                when coalesce(merged_at, closed_at) is not null then 'not_applicable' else 'not_yet' end
        from milestones
        union all
        select 'fct_changes', 'coding_seconds', 'observed' from milestones
        union all
        select 'fct_incidents', measure,
            case when measure in ('time_to_detect_seconds', 'time_to_mitigate_seconds') then 'not_observed'
                when instant is not null then 'observed' else 'not_yet' end
        from (
            select
                unnest(['time_to_detect_seconds', 'time_to_mitigate_seconds', 'time_to_acknowledge_seconds',
                    'time_to_resolve_seconds']) as measure,
                unnest([null, null, acknowledged_at, resolved_at]) as instant
            from shown_incidents
        )
        union all
        select 'fct_work_items', 'decision_seconds',
            case when ready_at is not null then 'observed' when rejected_at is not null then 'not_applicable'
                else 'not_yet' end
        from tickets
        union all
        select 'fct_work_items', 'start_wait_seconds',
            case when ready_at is not null and started_at is not null then 'observed'
                when rejected_at is not null then 'not_applicable' else 'not_yet' end
        from tickets
        union all
        select 'fct_deployments', 'execution_seconds',
            case when finished_at >= as_of() or finished_at is null then 'not_yet'
                when started_at is null then 'not_applicable' else 'observed' end
        from truth.deployments
        where created_at < as_of()
        union all
        select 'fct_ci_jobs', 'queue_seconds',
            case when started_at is not null then 'observed'
                when finished_at is not null then 'not_applicable' else 'not_yet' end
        from told_jobs
    )
    select
        mart,
        measure,
        count(*) as row_count,
        count(*) filter (reason = 'observed') as observed_count,
        count(*) filter (reason = 'not_linked') as not_linked_count,
        count(*) filter (reason = 'not_observed') as not_observed_count,
        count(*) filter (reason = 'not_yet') as not_yet_count,
        count(*) filter (reason = 'not_applicable') as not_applicable_count
    from reasons
    group by mart, measure
"""
COVERAGE = f"with tickets as (from ({TRUTHS['work items']}) where is_read_by('jira')) from ({COVERAGE})"

COVERED = ", ".join(
    f"('{mart}', '{measure}')"
    for mart, measures in {
        "fct_changes": (
            "deployment_key",
            "change_lead_seconds",
            "change_lead_from_merge_seconds",
            "deployment_lead_seconds",
            "created_to_merged_seconds",
            "time_to_merge_seconds",
            "pickup_seconds",
            "coding_seconds",
        ),
        "fct_incidents": (
            "time_to_detect_seconds",
            "time_to_mitigate_seconds",
            "time_to_acknowledge_seconds",
            "time_to_resolve_seconds",
        ),
        "fct_work_items": ("decision_seconds", "start_wait_seconds"),
        "fct_deployments": ("execution_seconds",),
        "fct_ci_jobs": ("queue_seconds",),
    }.items()
    for measure in measures
)


METRICS = (
    figures(
        "metric_coverage",
        COVERAGE,
        f"select * from built.metrics.metric_coverage where (mart, measure) in ({COVERED})",
        where=ALL,
        key=("mart", "measure"),
        is_shared=True,
    ),
)
