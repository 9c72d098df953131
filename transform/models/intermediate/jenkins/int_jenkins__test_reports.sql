{{ config(enabled=is_connector_enabled('jenkins')) }}

with

builds as (

    select * from {{ ref('int_jenkins__builds') }}

),

final as (

    select
        connection,
        'jenkins' as connector,
        run || ':tests' as source_id,
        repository,
        run,
        sha,
        pipeline as suite,
        test_count - failed_test_count - skipped_test_count as passed_count,
        failed_test_count as failed_count,
        skipped_test_count as skipped_count,
        cast(null as double) as line_coverage,
        cast(null as double) as diff_coverage,
        finished_at as reported_at,
        extracted_at
    from builds
    where test_count is not null

)

select * from final
