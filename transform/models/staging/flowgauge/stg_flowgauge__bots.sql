with

source as (

    select * from {{ source('flowgauge', 'bots') }}

),

renamed as (

    select
        login,
        connection,
        kind
    from source

)

select * from renamed
