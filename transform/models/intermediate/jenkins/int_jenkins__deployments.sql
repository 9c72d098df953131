{{ config(enabled=is_connector_enabled('jenkins')) }}

with

builds as (

    select * from {{ ref('int_jenkins__builds') }}

),

final as (

    select
        connection,
        'jenkins' as connector,
        run as source_id,
        repository,
        deployed_service as service_hint,
        deployed_environment as environment,
        cast(null as boolean) as is_production,
        sha,
        coalesce(queued_at, started_at) as created_at,
        started_at,
        finished_at,
        case
            when conclusion = 'running' then 'in_progress'
            when conclusion = 'success' then 'success'
            when conclusion in ('cancelled', 'skipped') then 'cancelled'
            else 'failure'
        end as status,
        extracted_at
    from builds
    where deployed_environment is not null

)

select * from final
