with

change_facts as (

    select * from {{ ref('int_flow__change_facts') }}

),

timings as (

    select * from {{ ref('int_flow__change_timings') }}

),

stage_totals as (

    select * from {{ ref('int_flow__stage_totals') }}

),

item_teams as (

    select * from {{ ref('int_flow__item_teams') }}

),

reverted_changes as (

    select * from {{ ref('int_flow__reverted_changes') }}

),

reverts as (

    select * from {{ ref('int_delivery__reverts') }}

),

assistant_evidence as (

    select * from {{ ref('int_flow__assistant_evidence') }}

),

work_item_links as (

    select * from {{ ref('int_flow__work_item_links') }}

),

links as (

    select * from {{ ref('int_work_items__links') }}

)

select
    change_facts.change_key,
    change_facts.connection,
    change_facts.change as source_id,
    change_facts.repository_key,
    change_facts.number,
    change_facts.state,
    change_facts.is_draft,
    {{ known_key('change_facts.author_person_key') }} as author_person_key,
    {{ known_key('change_facts.merger_person_key') }} as merged_by_person_key,
    {{ known_key('item_teams.team_key') }} as team_key,
    {{ known_key('item_teams.service_key') }} as service_key,
    {{ known_key('change_facts.feature_key') }} as feature_key,
    links.work_item_key,
    case
        when links.work_item_key is not null then null
        when work_item_links.change is null then 'not_linked'
        else 'not_observed'
    end as work_item_key_null_reason,
    change_facts.created_at,
    change_facts.first_prompt_at,
    change_facts.first_commit_authored_at,
    change_facts.build_started_at,
    change_facts.ready_at,
    change_facts.first_review_requested_at,
    change_facts.first_response_at,
    change_facts.first_review_at,
    change_facts.first_approved_at,
    change_facts.last_approved_at,
    change_facts.merged_at,
    change_facts.closed_at,
    change_facts.deploy_started_at,
    change_facts.deployed_at,
    change_facts.exposed_at,
    case
        when change_facts.exposed_at is null
            then
                coalesce(
                    change_facts.exposed_at_null_reason,
                    timings.change_lead_seconds_null_reason,
                    'not_observed'
                )
    end as exposed_at_null_reason,
    change_facts.adopted_at,
    case
        when change_facts.adopted_at is not null then null
        when change_facts.is_adoption_observed then 'not_yet'
        when change_facts.delivery_state in ('unmerged', 'waiting') then 'not_yet'
        else 'not_applicable'
    end as adopted_at_null_reason,
    timings.coding_seconds,
    timings.coding_seconds_null_reason,
    timings.pickup_seconds,
    timings.pickup_seconds_null_reason,
    {%- for stage in ['build', 'review_wait', 'review', 'rework', 'ci', 'merge_wait'] %}
        case when change_facts.state != 'open' then coalesce(stage_totals.{{ stage }}_seconds, 0) end
            as {{ stage }}_seconds,
        case when change_facts.state = 'open' then 'not_yet' end as {{ stage }}_seconds_null_reason,
    {%- endfor %}
    {%- for measure in [
        'time_to_merge_seconds',
        'created_to_merged_seconds',
        'deployment_lead_seconds',
        'change_lead_seconds',
        'change_lead_from_merge_seconds',
        'prompt_to_production_seconds',
    ] %}
        timings.{{ measure }},
        timings.{{ measure }}_null_reason,
    {%- endfor %}
    change_facts.closed_seconds,
    change_facts.build_start_evidence,
    change_facts.prompt_evidence,
    change_facts.deployment_key,
    case when change_facts.deployment_key is null then timings.change_lead_from_merge_seconds_null_reason end
        as deployment_key_null_reason,
    change_facts.deployment_match_method,
    change_facts.deployment_match_confidence,
    change_facts.is_deployed_before_merge,
    change_facts.additions,
    change_facts.deletions,
    change_facts.changed_file_count,
    change_facts.commit_count,
    change_facts.review_round_count,
    change_facts.reviewer_count,
    change_facts.state = 'merged' and change_facts.reviewer_count = 0 as is_unreviewed_merge,
    reverted_changes.reverts_change_key,
    case
        when reverted_changes.reverts_change_key is not null then null
        when
            coalesce(change_facts.reverts_sha, cast(change_facts.reverts_number as string))
            is not null then 'not_linked'
        else 'not_applicable'
    end as reverts_change_key_null_reason,
    reverts.reverted_by_change_key,
    case when reverts.reverted_by_change_key is null then 'not_applicable' end
        as reverted_by_change_key_null_reason,
    assistant_evidence.assistant_evidence,
    coalesce(assistant_evidence.assistant_level, 'unknown') as assistant_level,
    {{ known_key(surrogate_key('assistant', 'assistant_evidence.assistant')) }} as assistant_key
from change_facts
inner join timings
    on change_facts.change_key = timings.change_key
inner join item_teams
    on
        change_facts.change_key = item_teams.change_key
        and change_facts.created_at = item_teams.instant
left join stage_totals
    on change_facts.change_key = stage_totals.change_key
left join reverted_changes
    on change_facts.change_key = reverted_changes.change_key
left join reverts
    on change_facts.change_key = reverts.change_key
left join assistant_evidence
    on change_facts.change_key = assistant_evidence.change_key
left join links
    on
        change_facts.change_key = links.change_key
        and links.is_main
left join work_item_links
    on
        change_facts.connection = work_item_links.connection
        and change_facts.change = work_item_links.change
