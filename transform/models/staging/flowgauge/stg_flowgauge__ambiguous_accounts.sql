with

source as (

    select * from {{ source('flowgauge', 'ambiguous_accounts') }}

),

renamed as (

    select
        connection,
        account,
        reason,
        ambiguity_key
    from source

)

select * from renamed
