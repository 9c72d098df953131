{{ config(enabled=is_connector_enabled('gitlab')) }}

with

source as (

    select * from {{ source('gitlab', 'merge_train_cars') }}

),

renamed as (

    select
        connection,
        id as car_id,
        repository_id,
        merge_request_id,
        status,
        {{ to_utc('created_at') }} as created_at,
        {{ to_utc('merged_at') }} as merged_at,
        user_id,
        {{ to_utc('extracted_at') }} as extracted_at
    from source

)

select * from renamed
