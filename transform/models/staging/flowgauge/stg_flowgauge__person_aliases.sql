with

source as (

    select * from {{ source('flowgauge', 'person_aliases') }}

),

renamed as (

    select
        alias_person_key,
        person_key
    from source

)

select * from renamed
