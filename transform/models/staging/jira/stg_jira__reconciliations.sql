{{ config(enabled=is_connector_enabled('jira')) }}

with

source as (

    select * from {{ source('jira', 'reconciliations') }}

),

renamed as (

    select
        connection,
        project_id,
        {{ to_utc('reconciled_at') }} as reconciled_at,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
