with

links as (

    select * from {{ ref('int_work_items__links') }}

),

change_facts as (

    select * from {{ ref('int_flow__change_facts') }}

),

deliveries as (

    select
        links.work_item_key,
        count(*) as change_count,
        min(change_facts.created_at) as first_change_at,
        max(change_facts.deployed_at) as deployed_at,
        max(change_facts.exposed_at) as exposed_at,
        max(change_facts.adopted_at) as adopted_at,
        bool_or(change_facts.delivery_state in ('unmerged', 'waiting')) as has_undelivered,
        bool_or(change_facts.delivery_state = 'not_linked') as has_unlinked,
        bool_or(change_facts.deployed_at is not null and change_facts.exposed_at is null) as has_unexposed,
        bool_or(
            change_facts.deployed_at is not null
            and change_facts.exposed_at is null
            and coalesce(change_facts.exposed_at_null_reason != 'not_observed', true)
        ) as has_hidden,
        bool_or(change_facts.is_adoption_observed) as is_adoption_observed,
        bool_or(change_facts.is_adoption_observed and change_facts.adopted_at is null) as has_unadopted
    from links
    inner join change_facts
        on links.change_key = change_facts.change_key
    group by links.work_item_key

)

select
    work_item_key,
    change_count,
    first_change_at,
    case when not has_undelivered then deployed_at end as last_deployed_at,
    case when not (has_undelivered or has_unexposed) then exposed_at end as exposed_at,
    case when not (has_undelivered or has_unadopted) then adopted_at end as adopted_at,
    case
        when has_undelivered then 'not_yet'
        when deployed_at is not null then null
        when has_unlinked then 'not_linked'
        else 'not_applicable'
    end as deploy_null_reason,
    case
        when has_undelivered or has_hidden then 'not_yet'
        when has_unexposed then 'not_observed'
        when deployed_at is not null then null
        when has_unlinked then 'not_linked'
        else 'not_applicable'
    end as exposure_null_reason,
    case
        when not is_adoption_observed then 'not_applicable'
        when has_undelivered or has_unadopted then 'not_yet'
    end as adoption_null_reason
from deliveries
