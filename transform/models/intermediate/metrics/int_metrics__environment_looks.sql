{#-
What a look at an environment finds: a commit other than the declared one, one that no deployment brought there,
or a plan with differences. Before the first deployment seen nobody knows what was live.
-#}
with

environment_states as (

    select * from {{ ref('environment_states') }}

),

deployments as (

    select * from {{ ref('int_delivery__deployments') }}
    where is_success

),

matches as (

    select * from {{ ref('stg_flowgauge__repository_matches') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

looks as (

    select
        environment_states.connection,
        environment_states.source_id,
        coalesce(matches.hosting_connection, environment_states.connection) as hosting_connection,
        coalesce(matches.hosting_repository, environment_states.repository) as repository,
        environment_states.environment,
        environment_states.observed_at,
        environment_states.live_sha,
        environment_states.declared_sha,
        environment_states.plan_drift_count
    from environment_states
    inner join horizons
        on
            environment_states.connection = horizons.connection
            and environment_states.observed_at <= horizons.events_until_at
    left join matches
        on
            environment_states.connection = matches.connection
            and environment_states.repository = matches.repository

),

explained as (

    select
        looks.connection,
        looks.source_id,
        bool_or(deployments.sha = looks.live_sha) as is_explained
    from looks
    inner join deployments
        on
            looks.hosting_connection = deployments.connection
            and looks.repository = deployments.repository
            and lower(looks.environment) = lower(deployments.environment)
            and looks.observed_at >= deployments.finished_at
    where looks.live_sha is not null
    group by looks.connection, looks.source_id

)

select
    looks.connection,
    looks.source_id,
    {{ known_key(surrogate_key('repository', 'looks.hosting_connection', 'looks.repository')) }}
        as repository_key,
    looks.environment,
    looks.observed_at,
    looks.live_sha != looks.declared_sha as is_other_than_declared,
    not explained.is_explained as is_undeployed,
    looks.plan_drift_count > 0 as has_plan_drift,
    looks.plan_drift_count
from looks
left join explained
    on
        looks.connection = explained.connection
        and looks.source_id = explained.source_id
