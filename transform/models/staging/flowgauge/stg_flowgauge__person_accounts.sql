with

source as (

    select * from {{ source('flowgauge', 'person_accounts') }}

),

renamed as (

    select
        connection,
        account,
        account_key,
        person_key,
        method
    from source

)

select * from renamed
