with

reports as (

    select * from {{ ref('test_reports') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

)

select
    reports.connection,
    reports.repository,
    reports.sha,
    cast(sum(reports.passed_count) as bigint) as passed_count,
    cast(sum(reports.failed_count) as bigint) as failed_count,
    cast(sum(reports.skipped_count) as bigint) as skipped_count,
    max(reports.line_coverage) as line_test_coverage,
    max(reports.diff_coverage) as diff_test_coverage
from reports
inner join horizons
    on
        reports.connection = horizons.connection
        and reports.reported_at <= horizons.events_until_at
where reports.sha is not null
group by reports.connection, reports.repository, reports.sha
