with

reports as (

    select * from {{ ref('test_reports') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

),

matches as (

    select * from {{ ref('stg_flowgauge__repository_matches') }}

),

hosted as (

    select
        coalesce(matches.hosting_connection, reports.connection) as connection,
        coalesce(matches.hosting_repository, reports.repository) as repository,
        reports.sha,
        reports.passed_count,
        reports.failed_count,
        reports.skipped_count,
        reports.line_coverage,
        reports.diff_coverage
    from reports
    inner join horizons
        on
            reports.connection = horizons.connection
            and reports.reported_at <= horizons.events_until_at
    left join matches
        on
            reports.connection = matches.connection
            and reports.repository = matches.repository
    where reports.sha is not null

)

select
    connection,
    repository,
    sha,
    cast(sum(passed_count) as bigint) as passed_count,
    cast(sum(failed_count) as bigint) as failed_count,
    cast(sum(skipped_count) as bigint) as skipped_count,
    max(line_coverage) as line_test_coverage,
    max(diff_coverage) as diff_test_coverage
from hosted
group by connection, repository, sha
