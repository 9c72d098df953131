with

deployment_commits as (

    select * from {{ ref('int_delivery__deployment_commits') }}

),

commits as (

    select * from {{ ref('fct_commits') }}

)

select
    deployment_commits.deployment_key,
    deployment_commits.commit_key,
    deployment_commits.deployed_at
from deployment_commits
inner join commits
    on deployment_commits.commit_key = commits.commit_key
