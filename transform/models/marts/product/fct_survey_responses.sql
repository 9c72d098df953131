with

responses as (

    select * from {{ ref('survey_responses') }}

),

horizons as (

    select * from {{ ref('int_flow__horizons') }}

)

select
    {{ surrogate_key('survey_response', 'responses.connection', 'responses.source_id') }}
        as survey_response_key,
    responses.connection,
    responses.kind,
    responses.score,
    responses.area,
    responses.answered_at
from responses
inner join horizons
    on
        responses.connection = horizons.connection
        and responses.answered_at <= horizons.events_until_at
