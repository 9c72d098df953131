with

source as (

    select * from {{ source('flowgauge', 'repository_rules') }}

),

renamed as (

    select
        repository as repository_name,
        branch,
        required_approvals as required_approving_review_count,
        {{ json_string_list('required_checks') }} as required_check_names
    from source

)

select * from renamed
