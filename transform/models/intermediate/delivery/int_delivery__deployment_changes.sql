{{ config(materialized='table') }}

with

evidence as (

    select * from {{ ref('int_delivery__match_evidence') }}

),

methods as (

    select * from {{ ref('deployment_match_methods') }}

),

ranked as (

    select
        evidence.deployment_key,
        evidence.change_key,
        min_by(evidence.method, methods.method_rank) as method,
        min_by(methods.confidence, methods.method_rank) as confidence,
        bool_or(evidence.is_delivered) as is_delivered,
        case
            when not bool_or(evidence.is_delivered and evidence.removed_at is null)
                then max(evidence.removed_at)
        end as removed_at
    from evidence
    inner join methods
        on evidence.method = methods.method
    where not evidence.is_left_censored
    group by evidence.deployment_key, evidence.change_key

)

select * from ranked
