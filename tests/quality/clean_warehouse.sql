-- A warehouse that keeps every rule: one change merged and deployed, one closed after a reopening, one open.
create schema raw_flowgauge;
-- The latest run reports on an earlier instant than the one before it, as `--as-of` may.
create table raw_flowgauge.runs as
select *
from (
    values ('r0', timestamp '2026-03-10 09:00:00', timestamp '2026-03-30 10:00:00'),
        ('r1', timestamp '2026-03-10 10:00:00', timestamp '2026-03-10 10:00:00')
) as runs (run_id, started_at, as_of);
create table raw_flowgauge.connections as
select
    'acme' as connection, 'github' as connector, timestamp '2026-03-10 10:00:00' as loaded_through_at,
    'succeeded' as last_outcome, null::text as last_error;

create schema raw_github;
create table raw_github.repositories as
select 'acme' as connection, 'r1' as id, timestamptz '2026-01-01 00:00:00+00' as created_at,
    timestamptz '2026-03-10 10:00:00+00' as extracted_at;
create table raw_github.pull_requests as
select 'acme' as connection, id, 'r1' as repository_id, created_at, created_at as updated_at,
    timestamptz '2026-03-10 10:00:00+00' as extracted_at
from (values
    ('1', timestamptz '2026-03-01 10:00:00+00'),
    ('2', timestamptz '2026-03-02 10:00:00+00'),
    ('3', timestamptz '2026-03-09 10:00:00+00')
) as changes (id, created_at);
create table raw_github._dlt_loads as select 'l1' as load_id;
create table raw_github.source_counts as
select 'acme' as connection, table_name, scope, source_count, timestamptz '2026-03-10 10:00:00+00' as counted_at
from (values ('repositories', '', 1), ('pull_requests', 'repository_id=r1', 3))
    as counts (table_name, scope, source_count);
create table raw_github.rejected_rows (
    connection text, table_name text, row_key text, rule text, "row" json, rejected_at timestamptz
);

create schema canonical;
create table canonical.repositories as
select connection, 'github' as connector, id as source_id from raw_github.repositories;
create table canonical.changes as
select
    'acme' as connection, 'github' as connector, id as source_id, created_at, merged_at, closed_at, state,
    timestamp '2026-03-10 10:00:00' as extracted_at
from (values
    ('1', timestamp '2026-03-01 10:00:00', timestamp '2026-03-01 12:00:00', timestamp '2026-03-01 12:00:00', 'merged'),
    ('2', timestamp '2026-03-02 10:00:00', null, timestamp '2026-03-02 16:00:00', 'closed'),
    ('3', timestamp '2026-03-09 10:00:00', null, null, 'open')
) as changes (id, created_at, merged_at, closed_at, state);
create table canonical.change_events as
select
    'acme' as connection, 'github' as connector, change, type, occurred_at, 'exact' as exactness,
    timestamp '2026-03-10 10:00:00' as extracted_at
from (values
    ('1', 'pushed', timestamp '2026-03-01 09:00:00'),
    ('1', 'opened', timestamp '2026-03-01 10:00:00'),
    ('1', 'reviewed_approved', timestamp '2026-03-01 11:00:00'),
    ('1', 'merged', timestamp '2026-03-01 12:00:00'),
    ('2', 'opened', timestamp '2026-03-02 10:00:00'),
    ('2', 'closed', timestamp '2026-03-02 12:00:00'),
    ('2', 'reopened', timestamp '2026-03-02 13:00:00'),
    ('2', 'closed', timestamp '2026-03-02 16:00:00'),
    ('3', 'opened', timestamp '2026-03-09 10:00:00')
) as events (change, type, occurred_at);
create table canonical.deployments as
select
    'acme' as connection, 'github' as connector, 'd1' as source_id, timestamp '2026-03-01 12:30:00' as created_at,
    timestamp '2026-03-01 12:40:00' as started_at, timestamp '2026-03-01 13:00:00' as finished_at,
    'success' as status;
create table canonical.deployment_events as
select 'acme' as connection, 'github' as connector, 'd1' as deployment, type, occurred_at, 'exact' as exactness
from (values
    ('created', timestamp '2026-03-01 12:30:00'),
    ('started', timestamp '2026-03-01 12:40:00'),
    ('succeeded', timestamp '2026-03-01 13:00:00')
) as events (type, occurred_at);
create table canonical.ci_runs as
select 'acme' as connection, 'github' as connector, 'run1:1' as source_id,
    timestamp '2026-03-01 10:00:00' as queued_at, timestamp '2026-03-01 10:00:10' as started_at,
    timestamp '2026-03-01 10:05:10' as finished_at;
create table canonical.ci_jobs as
select 'acme' as connection, 'github' as connector, 'job1' as source_id,
    timestamp '2026-03-01 10:00:10' as queued_at, timestamp '2026-03-01 10:00:20' as started_at,
    timestamp '2026-03-01 10:05:00' as finished_at;
create table canonical.releases as
select 'acme' as connection, 'github' as connector, 'v1' as source_id,
    timestamp '2026-03-01 14:00:00' as published_at;

create schema marts;
create table marts.fct_changes as
select
    change_key, state, timestamp '2026-03-01 08:00:00' as first_commit_authored_at, build_started_at, created_at,
    created_at as ready_at, merged_at, closed_at, deployed_at, deployed_at as exposed_at,
    case state when 'merged' then null when 'closed' then 'not_applicable' else 'not_yet' end
        as exposed_at_null_reason,
    null::timestamp as adopted_at, 'not_applicable' as adopted_at_null_reason,
    epoch(created_at - build_started_at)::bigint as coding_seconds,
    review_wait_seconds::bigint as review_wait_seconds, review_seconds::bigint as review_seconds,
    0::bigint as rework_seconds, merge_wait_seconds::bigint as merge_wait_seconds,
    epoch(merged_at - created_at)::bigint as time_to_merge_seconds,
    epoch(merged_at - created_at)::bigint as created_to_merged_seconds,
    epoch(deployed_at - merged_at)::bigint as deployment_lead_seconds,
    epoch(deployed_at - timestamp '2026-03-01 08:00:00')::bigint as change_lead_seconds,
    epoch(deployed_at - merged_at)::bigint as change_lead_from_merge_seconds,
    closed_seconds::bigint as closed_seconds,
    case state when 'merged' then null when 'closed' then 'not_applicable' else 'not_yet' end
        as deployment_lead_seconds_null_reason,
    if(deployed_at is null, null, 'ancestry') as deployment_match_method,
    if(deployed_at is null, null, 'high') as deployment_match_confidence
from (values
    ('1', 'merged', timestamp '2026-03-01 09:00:00', timestamp '2026-03-01 10:00:00',
        timestamp '2026-03-01 12:00:00', timestamp '2026-03-01 12:00:00', timestamp '2026-03-01 13:00:00',
        3600, 0, 3600, 0),
    ('2', 'closed', timestamp '2026-03-02 10:00:00', timestamp '2026-03-02 10:00:00',
        null, timestamp '2026-03-02 16:00:00', null, 18000, 0, 0, 3600),
    ('3', 'open', timestamp '2026-03-09 10:00:00', timestamp '2026-03-09 10:00:00',
        null, null, null, 0, 0, 0, 0)
) as changes (
    change_key, state, build_started_at, created_at, merged_at, closed_at, deployed_at, review_wait_seconds,
    review_seconds, merge_wait_seconds, closed_seconds
);
create table marts.fct_stage_visits as
select
    flow_item_key || stage || entered_at::text as stage_visit_key, flow_item_key,
    'change' as flow_item_type, md5('stage|' || stage) as stage_key, entered_at, exited_at, exit_reason,
    epoch(exited_at - entered_at)::bigint as calendar_seconds,
    epoch(exited_at - entered_at)::bigint // 2 as business_seconds, exited_at is null as is_open
from (values
    ('1', 'build', timestamp '2026-03-01 09:00:00', timestamp '2026-03-01 10:00:00', 'advanced'),
    ('1', 'review_wait', timestamp '2026-03-01 10:00:00', timestamp '2026-03-01 11:00:00', 'advanced'),
    ('1', 'merge_wait', timestamp '2026-03-01 11:00:00', timestamp '2026-03-01 12:00:00', 'advanced'),
    ('1', 'release_wait', timestamp '2026-03-01 12:00:00', timestamp '2026-03-01 12:30:00', 'advanced'),
    ('1', 'deploy', timestamp '2026-03-01 12:30:00', timestamp '2026-03-01 13:00:00', 'advanced'),
    ('2', 'review_wait', timestamp '2026-03-02 10:00:00', timestamp '2026-03-02 12:00:00', 'abandoned'),
    ('2', 'review_wait', timestamp '2026-03-02 13:00:00', timestamp '2026-03-02 16:00:00', 'abandoned'),
    ('3', 'review_wait', timestamp '2026-03-09 10:00:00', null, 'open')
) as visits (flow_item_key, stage, entered_at, exited_at, exit_reason);
insert into marts.fct_stage_visits
select
    flow_item_key || stage as stage_visit_key, flow_item_key, flow_item_type,
    md5('stage|' || stage) as stage_key, entered_at, exited_at, 'advanced' as exit_reason,
    epoch(exited_at - entered_at)::bigint as calendar_seconds, null::bigint as business_seconds,
    false as is_open
from (values
    ('w1', 'work_item', 'decide', timestamp '2026-03-01 07:00:00', timestamp '2026-03-01 09:00:00'),
    ('i1', 'incident', 'mitigate', timestamp '2026-03-01 14:00:00', timestamp '2026-03-01 15:00:00')
) as visits (flow_item_key, flow_item_type, stage, entered_at, exited_at);
create table marts.fct_flow_daily as
select
    'change' as flow_item_type, md5('stage|' || stage) as stage_key, 't1' as team_key, 's1' as service_key, 'r1' as repository_key,
    date_day, arrivals, departures, abandonments, wip_open
from (values
    ('build', date '2026-03-01', 1, 1, 0, 0),
    ('review_wait', date '2026-03-01', 1, 1, 0, 0),
    ('review_wait', date '2026-03-02', 2, 0, 2, 0),
    ('review_wait', date '2026-03-09', 1, 0, 0, 1),
    ('review_wait', date '2026-03-10', 0, 0, 0, 1),
    ('merge_wait', date '2026-03-01', 1, 1, 0, 0),
    ('release_wait', date '2026-03-01', 1, 1, 0, 0),
    ('deploy', date '2026-03-01', 1, 1, 0, 0)
) as days (stage, date_day, arrivals, departures, abandonments, wip_open);
insert into marts.fct_flow_daily values
    ('work_item', md5('stage|decide'), 't1', 's1', 'r1', date '2026-03-01', 1, 1, 0, 0),
    ('incident', md5('stage|mitigate'), 't1', 's1', 'r1', date '2026-03-01', 1, 1, 0, 0);
create table marts.fct_handoffs as
select
    handoff_key, '1' as flow_item_key, 'change' as flow_item_type, mechanism, from_role, to_role, from_person_key, to_person_key,
    requested_at, accepted_at, outcome, epoch(accepted_at - requested_at)::bigint as wait_calendar_seconds,
    is_return
from (values
    ('h1', 'review_request', 'author', 'reviewer', 'ada', 'ben', timestamp '2026-03-01 10:00:00',
        timestamp '2026-03-01 11:00:00', 'accepted', false),
    ('h2', 'review_verdict', 'reviewer', 'author', 'ben', 'ada', timestamp '2026-03-01 11:00:00',
        null, 'withdrawn', true)
) as handoffs (
    handoff_key, mechanism, from_role, to_role, from_person_key, to_person_key, requested_at, accepted_at,
    outcome, is_return
);
create table marts.fct_review_requests as
select
    'q1' as review_request_key, timestamp '2026-03-01 10:00:00' as requested_at,
    timestamp '2026-03-01 11:00:00' as responded_at, 3600::bigint as wait_calendar_seconds;
create table marts.fct_ci_runs as
select
    'run1' as ci_run_key, timestamp '2026-03-01 10:00:00' as queued_at,
    timestamp '2026-03-01 10:00:10' as started_at, timestamp '2026-03-01 10:05:10' as finished_at,
    10::bigint as queue_seconds, 300::bigint as run_seconds, null::text as run_seconds_null_reason;
create table marts.fct_ci_jobs as
select
    'job1' as ci_job_key, timestamp '2026-03-01 10:00:10' as queued_at,
    timestamp '2026-03-01 10:00:20' as started_at, timestamp '2026-03-01 10:05:00' as finished_at,
    10::bigint as queue_seconds, 280::bigint as run_seconds;
create table marts.fct_deployments as
select
    'd1' as deployment_key, timestamp '2026-03-01 12:40:00' as started_at,
    timestamp '2026-03-01 13:00:00' as finished_at, 1200::bigint as execution_seconds;
create table marts.fct_releases as
select 'v1' as release_key, timestamp '2026-03-01 14:00:00' as published_at;
create table marts.bridge_deployment_changes as
select 'd1' as deployment_key, '1' as change_key, 'ancestry' as method, 'high' as confidence;
create table marts.bridge_change_services as
select
    '1' as change_key, 's1' as service_key, timestamp '2026-03-01 13:00:00' as deployed_at,
    'ancestry' as method, 'high' as confidence;
create table marts.fct_rejected_rows (item_key text, measure text, rule text, rejected_at timestamp);

create table canonical.work_items as
select 'acme' as connection, 'jira' as connector, 'w1' as source_id, timestamp '2026-03-01 07:00:00' as created_at;
create table marts.fct_work_items as
select
    'w1' as work_item_key, timestamp '2026-03-01 07:00:00' as created_at,
    timestamp '2026-03-01 09:00:00' as ready_at, timestamp '2026-03-01 09:00:00' as started_at,
    timestamp '2026-03-01 13:00:00' as last_deployed_at, timestamp '2026-03-01 13:00:00' as exposed_at,
    null::timestamp as adopted_at, timestamp '2026-03-01 09:00:00' as done_at, null::timestamp as rejected_at,
    timestamp '2026-04-01 00:00:00' as due_at,
    7200::bigint as decision_seconds, 0::bigint as start_wait_seconds, 14400::bigint as start_to_deploy_seconds,
    21600::bigint as idea_to_deploy_seconds, 21600::bigint as idea_to_exposure_seconds,
    null::bigint as idea_to_adoption_seconds, 0::bigint as closed_seconds;
create table marts.fct_incidents as
select
    'i1' as incident_key, null::timestamp as started_at, timestamp '2026-03-01 14:00:00' as triggered_at,
    timestamp '2026-03-01 14:00:00' as acknowledged_at, null::timestamp as mitigated_at,
    timestamp '2026-03-01 15:00:00' as resolved_at, null::bigint as time_to_detect_seconds,
    0::bigint as time_to_acknowledge_seconds, null::bigint as time_to_mitigate_seconds,
    3600::bigint as time_to_resolve_seconds, 0::bigint as closed_seconds;
create table marts.dim_feature as select 'f1' as feature_key, 1 as eligible_count, 1 as adopter_count;
create table marts.fct_feature_adoption as
select
    'f1' as feature_key, timestamp '2026-03-01 13:00:00' as exposed_at,
    timestamp '2026-03-02 13:00:00' as first_used_at, timestamp '2026-03-02 13:00:00' as adopted_at,
    86400::bigint as adoption_lag_seconds, true as is_eligible;
create table marts.bridge_ambiguous_accounts (account_key text, reason text, ambiguity_key text);

create table marts.bridge_deployment_services as
select 'd1' as deployment_key, 's1' as service_key, true as is_production;
create table marts.dim_person as select 'p1' as person_key, 'human' as kind;
alter table marts.fct_changes add column author_person_key text default 'p1';
alter table marts.fct_deployments add column status text default 'success';

create schema metrics;
create table metrics.flow_by_stage_weekly as
with visits as (
    select
        flow_item_type, stage_key, entered_at, exited_at, exit_reason,
        coalesce(epoch(exited_at - entered_at), 86400)::bigint as seconds
    from marts.fct_stage_visits
),
cohorts as (
    select 'arrivals' as cohort, date_trunc('week', entered_at)::date as week_start, * from visits
    union all
    select 'departures', date_trunc('week', exited_at)::date, * from visits
    where exit_reason in ('advanced', 'returned')
),
counted as (
    select
        flow_item_type, stage_key, cohort, week_start, count(*) as item_count,
        count(*) filter (where exit_reason in ('advanced', 'returned')) as ended_count,
        count(*) filter (where exit_reason = 'abandoned') as competing_count,
        count(*) filter (where exit_reason = 'open') as censored_count, max(seconds) as p50_seconds
    from cohorts
    group by all
)
select
    md5(flow_item_type || stage_key || cohort || week_start || scope) as flow_by_stage_weekly_key,
    flow_item_type, stage_key, cohort, week_start, scope,
    case scope when 'team' then 't1' end as team_key, null::text as service_key,
    case scope when 'repository' then 'r1' end as repository_key, item_count, ended_count, competing_count,
    censored_count, p50_seconds, p50_seconds as p50_low_seconds, null::bigint as p50_high_seconds,
    null::text as p50_seconds_null_reason, p50_seconds as p75_seconds, p50_seconds as p75_low_seconds,
    null::bigint as p75_high_seconds, null::text as p75_seconds_null_reason
from counted
cross join (values ('organisation'), ('team'), ('repository')) as scopes (scope);
create table metrics.handoffs_weekly as
with cohorts as (
    select 'arrivals' as cohort, * from marts.fct_handoffs
    union all
    select 'departures', * from marts.fct_handoffs where outcome = 'accepted'
)
select
    md5(mechanism || to_role || cohort) as handoffs_weekly_key, mechanism, from_role, to_role, cohort,
    date '2026-02-23' as week_start, 'organisation' as scope, null::text as team_key,
    null::text as service_key, null::text as repository_key, count(*) as item_count,
    count(*) filter (where outcome = 'accepted') as ended_count,
    count(*) filter (where outcome <> 'accepted') as competing_count, 0 as censored_count
from cohorts
group by mechanism, from_role, to_role, cohort;
create table metrics.dora_weekly as
select
    scope as dora_weekly_key, date '2026-02-23' as week_start, scope,
    case scope when 'service' then 's1' end as service_key, 1 as success_count, 0.1 as rollback_rate,
    0.0 as rollback_rate_low, 0.5 as rollback_rate_high
from (values ('organisation'), ('service')) as scopes (scope);
create table metrics.metric_coverage as
select
    'fct_changes' as mart, 'deployment_lead_seconds' as measure, 3 as row_count, 1 as observed_count,
    0 as not_linked_count, 0 as not_observed_count, 0 as impossible_count, 1 as not_yet_count,
    1 as not_applicable_count, 1 as expected_count;
