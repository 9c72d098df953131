{{ config(enabled=is_connector_enabled('jenkins')) }}

with

builds as (

    select * from {{ ref('int_jenkins__builds') }}

),

final as (

    select
        connection,
        'jenkins' as connector,
        run || ':1' as source_id,
        repository,
        sha,
        branch,
        trigger,
        pipeline as name,
        run,
        cast(1 as bigint) as attempt,
        queued_at,
        started_at,
        finished_at,
        cast(null as bigint) as busy_seconds,
        conclusion,
        extracted_at
    from builds

)

select * from final
